"""Small talk: greetings, thanks, idle words and the like, known by examples of each kind."""

from collections.abc import Mapping, Sequence
from typing import Final

from knowledge.embedding import Encoder
from knowledge.matching import Decision, Document, Matcher
from knowledge.signals import prepare
from knowledge.wording import Wording

KINDS: Final = (
    "hello", "thanks", "bye", "who", "person", "fine", "ok", "wish", "praise", "slip", "unhappy",
    "idle", "low", "abuse",
)  # fmt: skip
LONGEST: Final = 60
"""Letters; whoever writes more has something to say."""
ENOUGH: Final = 0.6
"""So sure is enough: kinds that are alike (thanks and praise) take sureness from each other."""

Examples = Mapping[str, Sequence[str]]


def examples_of(wording: Wording) -> Examples:
    """What people say of each kind."""
    return {kind: tuple(wording.words(f"smalltalk.{kind}_words")) for kind in KINDS}


class SmallTalk:
    """Tells small talk from questions, as the answers are found: by words and by meaning."""

    def __init__(
        self, examples: Examples, encoder: Encoder | None, background: Sequence[str]
    ) -> None:
        """Take what people say of each kind, and questions, which are none."""
        self.made_of = (examples, encoder, background)
        documents = [Document(kind, said[0], tuple(said[1:])) for kind, said in examples.items()]
        self._matcher = Matcher(documents, encoder=encoder, background=background)
        said = [text for texts in examples.values() for text in texts]
        self._words = frozenset(word for text in said for word in prepare(text, {}).content)

    def kind(self, text: str, sureness: float = 0.0) -> str | None:
        """Which kind this is, if it is surer than the best answer is, from 0 to 1."""
        if not self._may_be(text):
            return None
        match = self._matcher.match(text)
        is_sure = match.decision is Decision.ANSWER or match.sureness >= ENOUGH
        return match.ranked[0][0] if is_sure and match.sureness > sureness else None

    def _may_be(self, text: str) -> bool:
        """Whether it is short, and half of its words are those of small talk: most are not."""
        question = prepare(text[: 2 * LONGEST], {})
        words = question.content
        known = sum(word in self._words for word in words)
        return len(question.text) <= LONGEST and 2 * known >= len(words)

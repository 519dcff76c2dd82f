"""A word or two while a report is written: the choice that they stand for at each step."""

from collections.abc import Mapping
from datetime import datetime

from handlers import report
from handlers.conversation import Turn
from handlers.drafts import SKIPPABLE, Step
from handlers.signs import Answer, key_of, signs

SHORTLY = 24
"""Letters up to which words only say that something is to be changed."""
OF_NAMES = frozenset({Step.PRIVACY, Step.NAME, Step.PHONE})
"""Steps at which a fear is a reason to refuse; at others it may be what the report is about."""
ENDING = OF_NAMES | {Step.PREVIEW}
"""Steps at which a refusal and its fear end it; at others they may tell of what was not done."""
ANYWHERE = {Answer.DROP: "draft:drop", Answer.RESUME: "draft:resume"}
"""What words mean whatever is asked, and for a report that was left."""
ON_THE_WAY = frozenset(Step) - {Step.KIND, Step.WHAT, Step.PREVIEW}
"""Steps at which a word to change something, or to go back, is no part of the report."""


async def meant(turn: Turn, text: str, now: datetime) -> str | None:
    """The choice that a word or two stand for at the present step: `ใช่`, `ไม่มี`, `ถามเฉย ๆ`."""
    draft, known = turn.state.draft, signs(turn.agency.wording)
    word, refusal = known.answer(text), known.refusal(text)
    if draft is None or not (word or refusal or _is_change(turn, text)):
        return None
    if word in ANYWHERE:
        return "cancel" if draft.paused and word is Answer.DROP else ANYWHERE[word]
    step, facts = await report.next_step(turn, draft, now)
    fitting = ENDING if refusal is Answer.DROP else OF_NAMES
    if draft.paused or (refusal and step not in fitting):
        return None
    if refusal:
        word = Answer.ANONYMOUS if refusal is Answer.NO and step is Step.NAME else refusal
    if word in {Answer.NO, Answer.SILENT} and step in SKIPPABLE:
        return f"draft:skip:{step}"
    if word is Answer.YES and step is Step.SAME and facts.same:
        return f"draft:same:{facts.same.number}"
    return SHORT.get((step, word))


def is_of_unsent(turn: Turn, text: str) -> bool:
    """Whether words that would withdraw a matter can mean only the report that is not sent yet."""
    draft, word = turn.state.draft, signs(turn.agency.wording).answer(text)
    return draft is not None and not turn.state.matters and word is Answer.DROP


def _is_change(turn: Turn, text: str) -> bool:
    """Whether these few words only say that something is to be changed."""
    key, words = key_of(text), turn.agency.wording.words("signs.changing_words")
    return len(key) <= SHORTLY and key.startswith(tuple(map(key_of, words)))


SHORT: Mapping[tuple[Step, Answer | None], str] = {
    **{(Step.PREVIEW, word): "draft:change" for word in (None, Answer.CHANGE, Answer.BACK)},
    **{(step, Answer.CHANGE): "draft:change" for step in ON_THE_WAY},
    **{(step, Answer.BACK): "draft:back" for step in (Step.WHAT, *ON_THE_WAY)},
    **{
        (step, word): "draft:resume"
        for step in (Step.KIND, Step.WHAT)
        for word in (Answer.YES, Answer.CHANGE, Answer.SILENT)
    },
    (Step.KIND, Answer.BACK): "draft:resume",
    (Step.WHAT, Answer.NO): "draft:resume",
    (Step.PREVIEW, Answer.YES): "draft:send",
    (Step.PREVIEW, Answer.NO): "draft:change",
    (Step.SAME, Answer.NO): "draft:same:",
    (Step.TOPIC, Answer.OTHER): "draft:skip:topic",
    (Step.WHERE, Answer.OTHER): "draft:skip:where",
    (Step.SPOT, Answer.YES): "draft:spot:yes",
    (Step.SPOT, Answer.NO): "draft:spot:no",
    (Step.SPOT, Answer.SILENT): "draft:spot:no",
    (Step.SAME, Answer.SILENT): "draft:resume",
    (Step.PRIVACY, Answer.NO): "draft:privacy:anonymous",
    **{
        (step, word): f"draft:privacy:{word}"
        for step in (Step.PRIVACY, Step.NAME, Step.PHONE, Step.PREVIEW)
        for word in (Answer.ANONYMOUS, Answer.HIDDEN, Answer.NAMED)
    },
    (Step.PRIVACY, Answer.SILENT): "draft:privacy:anonymous",
    (Step.NAME, Answer.SILENT): "draft:privacy:anonymous",
    (Step.PREVIEW, Answer.SILENT): "draft:resume",
    **{(step, Answer.UNCALLED): "draft:skip:phone" for step in ENDING},
    (Step.NAME, Answer.NO): "draft:change:privacy",
    (Step.NAME, Answer.NAMED): "draft:resume",
    (Step.PHONE, Answer.NAMED): "draft:resume",
    (Step.KIND, Answer.NO): "draft:drop",
    **{(step, Answer.DROP): "draft:drop" for step in ENDING},
    **{
        (step, Answer.YES): "draft:resume"
        for step in (Step.RIGHT, Step.WHERE, Step.TOPIC, Step.FILES, Step.PRIVACY, Step.NAME)
    },
}
"""What short answers mean; `บอกได้` says yes to a name, a mere yes leaves the question open."""

"""Words in the midst of choosing news: what they choose, or which question they leave standing."""

from collections.abc import Mapping, Sequence

from admin.subscriptions import Frequency
from bot.messages import Choice
from handlers.conversation import Turn
from handlers.news_steps import PAGE
from handlers.news_wishes import Step
from handlers.signs import key_of
from knowledge.bulletins import Named

LETTERS = 2
"""Fewer than these are the beginning of nothing."""
OFTEN = {
    Frequency.AT_ONCE: "subscribe.now_words",
    Frequency.DAILY: "subscribe.daily_words",
    Frequency.WEEKLY: "subscribe.weekly_words",
}


def shown(turn: Turn) -> tuple[Step, int] | None:
    """The question that was asked last and the page of its list; None where it was another."""
    values = [one.value for one in turn.state.offered] if turn.is_wishing else []
    if any(value.startswith("news:how:") for value in values):
        return Step.HOW, 0
    newsroom = turn.agency.newsroom
    if "news:everywhere" in values:
        return Step.AREAS, _page(values, newsroom.areas)
    return (Step.TOPICS, _page(values, newsroom.topics)) if "news:all" in values else None


def _page(values: Sequence[str], named: Mapping[str, Named]) -> int:
    ids, listed = list(named), {value.rpartition(":")[2] for value in values}
    return next((n // PAGE for n, one in enumerate(ids) if one in listed), 0)


def meant(turn: Turn, text: str) -> Choice | None:
    """The choice that these words stand for, though no button reads just so."""
    wish = turn.state.wish
    if not turn.is_wishing or wish is None:
        return None
    is_asked = shown(turn) is not None or wish.step(turn.agency.newsroom) is Step.HOW
    if is_asked and (often := _often(turn, key_of(text))):
        return Choice(text, f"news:how:{often}")
    found = begun(turn, text)
    return Choice(text, found[0]) if len(found) == 1 else None


def begun(turn: Turn, text: str) -> Sequence[str]:
    """What these words may choose of the list that is shown: what is called so, else begins so.

    After something else was asked, an area by its whole name still; a topic may be a question.
    """
    newsroom, plain, wish = turn.agency.newsroom, key_of(text), turn.state.wish
    if asked := shown(turn):
        step, find = asked[0], _begun
    else:
        is_left = turn.is_wishing and wish and wish.step(newsroom) is Step.AREAS
        step, find = Step.AREAS if is_left else Step.NOTHING, _called
    if step is Step.TOPICS:
        return [f"news:topic:{topic}" for topic in find(newsroom.topics, plain)]
    if step is Step.AREAS:
        return [f"news:area:{area}" for area in find(newsroom.areas, plain)]
    return []


def _often(turn: Turn, plain: str) -> Frequency | None:
    words = turn.agency.wording.words
    return next((one for one in OFTEN if plain in map(key_of, words(OFTEN[one]))), None)


def _begun(named: Mapping[str, Named], plain: str) -> Sequence[str]:
    """Those of which a name, or a later word of it, begins so; if one is called so, only that."""
    if len(plain) < LETTERS:
        return []
    begun = [id_ for id_, one in named.items() if _begins(one.th, plain) or _begins(one.en, plain)]
    return _called(named, plain) or begun


def _called(named: Mapping[str, Named], plain: str) -> Sequence[str]:
    return [id_ for id_, one in named.items() if plain in (key_of(one.th), key_of(one.en))]


def _begins(name: str, plain: str) -> bool:
    words = name.split()
    return any(key_of(" ".join(words[n:])).startswith(plain) for n in range(len(words)))

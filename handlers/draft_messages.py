"""Which message said or chose what in a report: it may be taken back, or edited. Pure."""

from functools import reduce

from msgspec.structs import replace

from handlers.drafts import Draft, Said, Step, add, back, named, phoned, righted, url_in

MOST_CHOICES = 20
"""How many typed choices are remembered, should one be edited."""


def without(draft: Draft, message: str) -> Draft:
    """The same without what a message said: it was taken back."""
    gone = [said for said in _parts(draft) if said.message == message]
    parts = tuple(part for part in draft.said if part not in gone)
    single = {Step.RIGHT: draft.right, Step.NAME: draft.name, Step.PHONE: draft.phone}
    open_again = {step for step, said in single.items() if said in gone}
    if not parts:
        open_again.add(Step.WHAT)
    url = draft.url
    if url in {url_in(said.text) for said in gone} - {None}:
        url = None
        open_again.add(Step.WHERE)
    return replace(
        draft,
        said=parts,
        right=None if draft.right in gone else draft.right,
        name=None if draft.name in gone else draft.name,
        phone=None if draft.phone in gone else draft.phone,
        url=url,
        place=None if draft.placed == message else draft.place,
        done=tuple(step for step in draft.done if step not in open_again),
    )


def holds(draft: Draft, message: str | None) -> bool:
    """Whether a message's words stand in it."""
    return message is not None and any(said.message == message for said in _parts(draft))


def edited(draft: Draft, new: Said) -> Draft:
    """The same with a message's new words in the place of its earlier ones; it goes on from there.

    What was asked last is asked still: the new words are no answer to it.
    """
    message = new.message or ""
    rest = without(draft, message)
    if not holds(draft, message):
        return rest
    parts = [new if part.message == message else part for part in draft.said]
    rest = reduce(add, parts, replace(rest, said=(), paused=False))
    if draft.right and draft.right.message == message:
        rest = righted(rest, new)
    if draft.name and draft.name.message == message:
        rest = named(rest, new)
    elif draft.phone and draft.phone.message == message:
        rest = phoned(rest, new)
    return replace(rest, asked=draft.asked)


def chose(draft: Draft, message: str, step: Step | None) -> Draft:
    """It remembers that this message chose something."""
    return replace(draft, chose=(*draft.chose, (message, step))[-MOST_CHOICES:])


def unchosen(draft: Draft, message: str) -> Draft | None:
    """As before this message answered the last step; None where it answered none, or an earlier."""
    step = dict(draft.chose)[message]
    last = draft.done[-1] if draft.done else Step.KIND
    if step is not last or draft.asked is not None:
        return None
    return back(draft) if draft.done else replace(draft, kind=None)


def _parts(draft: Draft) -> list[Said]:
    """All that was said, whatever it answered."""
    return [said for said in (*draft.said, draft.right, draft.name, draft.phone) if said]

"""Words while a report is written: what they come to, by the step that is asked."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from handlers.drafts import (
    OFFERED,
    Draft,
    Said,
    Step,
    add,
    anew,
    answer,
    is_theirs,
    named,
    phoned,
    righted,
)
from handlers.signs import signs
from knowledge.agency import Agency
from knowledge.likeness import nearest_items
from knowledge.topics import nearest


def _kind(agency: Agency, draft: Draft, said: Said) -> Draft:
    return replace(add(draft, said), kind=signs(agency.wording).kind(said.text))


def _what(_agency: Agency, draft: Draft, said: Said) -> Draft:
    return anew(draft, said) if draft.asked is Step.WHAT else add(draft, said)


def _where(agency: Agency, draft: Draft, said: Said) -> Draft:
    """An address says where; else what these words are near is offered, or staff will find it."""
    known = nearest_items(agency.catalogue, draft.what, limit=1)
    more = add(draft, said)
    is_offered = not known and nearest_items(agency.catalogue, more.what, limit=1)
    return more if is_offered and more.url is None else answer(more, Step.WHERE)


def _topic(agency: Agency, draft: Draft, said: Said) -> Draft:
    """What was offered; else it is asked once more, with what the words before and now are near."""
    near = nearest(agency.topics.values(), said.text, limit=1)
    named = next((one for one in near if one.is_named(said.text)), None)
    offered = nearest(agency.topics.values(), draft.what, limit=OFFERED)
    is_asked_twice = draft.asked is Step.TOPIC and Step.TOPIC not in draft.done
    if is_asked_twice or named in offered:
        return answer(add(draft, said), Step.TOPIC, topic=named.id if named else None)
    done = tuple(one for one in draft.done if one is not Step.TOPIC)
    return replace(add(draft, said), asked=Step.TOPIC, done=done)


def _name(agency: Agency, draft: Draft, said: Said) -> Draft:
    """A question is no name: it is asked again."""
    return draft if signs(agency.wording).is_no_name(said.text) else named(draft, said)


def more(_agency: Agency, draft: Draft, said: Said) -> Draft:
    """A telephone number alone is no detail that everybody is to see."""
    return phoned(draft, said) if is_theirs(draft, said.text) else add(draft, said)


ANSWERS: Mapping[Step, Callable[[Agency, Draft, Said], Draft]] = {
    Step.KIND: _kind,
    Step.WHAT: _what,
    Step.RIGHT: lambda _agency, draft, said: righted(draft, said),
    Step.WHERE: _where,
    Step.TOPIC: _topic,
    Step.NAME: _name,
    Step.PHONE: lambda _agency, draft, said: phoned(draft, said),
}
"""What words mean at each step; at any other they are more of what it is about."""

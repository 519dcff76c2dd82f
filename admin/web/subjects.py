"""What a matter is about, as its page and its forms show it."""

from collections.abc import Iterator, Mapping, Sequence

from admin.logbook import LogLine
from admin.subjects import FIELDS, Subject, subject_of, subjects
from admin.tickets import Ticket
from admin.web.visit import Visit
from knowledge.chains import Kind

_LABELS = {"item": "matters.item", "topic": "matters.topic", "unit": "matters.unit"}


def about(ticket: Ticket) -> str | None:
    """The id of what a ticket is about, where its kind has a field for it."""
    field = FIELDS.get(ticket.kind)
    return getattr(ticket, field) if field else None


def offered_subjects(visit: Visit, ticket: Ticket) -> Sequence[Subject]:
    """What can be chosen; what the ticket has stays there, also where the agency dropped it."""
    found, now = subjects(visit.agency, ticket.kind), about(ticket)
    if now is None or any(one.id == now for one in found):
        return found
    return [Subject(now, now, now), *found]


def changes_of(visit: Visit, ticket: Ticket, line: LogLine) -> Iterator[str]:
    """What a line of the log tells the change of, from what to what."""
    for name, key in _LABELS.items():
        change = line.details.get(name)
        if change:
            before, after = [
                _named(visit, ticket.kind, name, change[end]) for end in ("from", "to")
            ]
            yield visit.say("matters.changed", label=visit.say(key), before=before, after=after)


def _named(visit: Visit, kind: Kind, name: str, value: str | None) -> str:
    if value is None:
        return visit.say("matters.none_named")
    one = visit.agency.unit(value) if name == "unit" else subject_of(visit.agency, kind, value)
    return one.name(visit.language) if one else value


def proposed(visit: Visit, ticket: Ticket, words: Mapping[str, str]) -> dict[str, str]:
    """What was typed, with the unit and class of what it is about now."""
    subject = subject_of(visit.agency, ticket.kind, words["about"])
    given = {"unit": subject.unit, "class": subject.class_} if subject else {}
    return {**words, **{name: value for name, value in given.items() if value}}

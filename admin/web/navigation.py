"""The way through an agency's pages: one row for each, shown to whom it is open."""

from dataclasses import dataclass

from admin.moves import HANDLERS
from admin.officers import Role
from admin.web.access import AGENCY_STAFF, TICKET_STAFF
from admin.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Way:
    """One entry of the navigation."""

    part: str
    """The path below the agency; empty for its first page."""
    key: str
    """The entry's text."""
    roles: frozenset[Role] = AGENCY_STAFF


WAYS: tuple[Way, ...] = (
    Way("", "shell.home", AGENCY_STAFF | {Role.OPERATOR}),
    Way("tickets", "matters.title", TICKET_STAFF),
    Way("questions", "desk.title", HANDLERS),
    Way("proposals", "proposals.title", HANDLERS),
    Way("announcements", "announce.title"),
    Way("menus", "chatmenu.title", frozenset({Role.WEBMASTER, Role.EXECUTIVE})),
    Way("overview", "overview.nav", TICKET_STAFF),
    Way("staff", "shell.people", frozenset({Role.OPERATOR})),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry as a page shows it."""

    href: str
    label: str
    is_here: bool


def ways(visit: Visit) -> list[Shown]:
    """The entries that are open to this visitor; none where the page belongs to no agency."""
    if visit.place is None:
        return []
    held, path = visit.officer.roles, visit.request.path
    open_ones = [way for way in WAYS if not way.roles.isdisjoint(held)]
    found = [(way, visit.at(way.part)) for way in open_ones]
    return [
        Shown(href, visit.say(way.key), path == href or (bool(way.part) and _is_below(path, href)))
        for way, href in found
    ]


def _is_below(path: str, href: str) -> bool:
    return path.startswith(f"{href}/")

"""Which answers are past the day they must be checked again, or will be soon."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from knowledge.agency import Agency, Entry, Flag

SOON: Final = timedelta(days=30)


def due(
    entries: Iterable[Entry], today: date, within: timedelta = SOON
) -> Mapping[str | None, Sequence[Entry]]:
    """By owner unit, the entries that are past their review date or will be soon, oldest first."""
    found: dict[str | None, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: (entry.review_by, entry.id)):
        if entry.review_by <= today + within:
            found[entry.unit].append(entry)
    return dict(found)


def flag_of(agency: Agency, entry: Entry) -> Flag | None:
    """What is wrong with the page that an entry rests on, unless it was checked since."""
    flag = agency.flagged.get(entry.source.url or "")
    checked = max(entry.updated, entry.verified_on or entry.updated)
    return flag if flag and checked <= flag.since else None

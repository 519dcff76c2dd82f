"""What a matter is about: an item of the catalogue or a topic, and what that proposes. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from knowledge.agency import Agency
from knowledge.chains import Class, Kind

FIELDS: Mapping[Kind, Literal["item", "topic"]] = {
    Kind.WRONG_INFO: "item",
    Kind.PUBLICATION: "item",
    Kind.INFO_REQUEST: "item",
    Kind.COMPLAINT: "topic",
}
"""The field of a ticket that says it, for the kinds that have one."""


class Subject(Struct, frozen=True):
    """One thing that matters are about."""

    id: str
    th: str
    en: str
    unit: str | None = None
    """The unit in charge of it, where one is named."""
    class_: Class | None = None

    def name(self, language: str) -> str:
        """What it is called."""
        return self.en if language == "en" else self.th


def subjects(agency: Agency, kind: Kind) -> Sequence[Subject]:
    """What a matter of this kind may be about, in the agency's order."""
    field = FIELDS.get(kind)
    if field == "item":
        return [
            Subject(one.id, one.title.of("th"), one.title.of("en"), one.owner, Class(one.class_))
            for one in agency.catalogue
        ]
    if field == "topic":
        return [Subject(one.id, one.th, one.en, one.unit) for one in agency.topics.values()]
    return []


def subject_of(agency: Agency, kind: Kind, subject_id: str | None) -> Subject | None:
    """One of them by its id; None where the agency has none of that id."""
    return next((one for one in subjects(agency, kind) if one.id == subject_id), None)

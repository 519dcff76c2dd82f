"""One agency: its profile, its answers, its catalogue of disclosures, its wording."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from knowledge.addresses import Address
from knowledge.bulletins import NewsProfile, Newsroom
from knowledge.chains import Chain
from knowledge.chains import Kind as MatterKind
from knowledge.topics import Topic
from knowledge.wording import Wording
from knowledge.working_days import Calendar

SLUG = r"^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$"

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def on_one_line(words: Any) -> Any:
    """What a citizen types has no line breaks; each becomes a space."""
    return " ".join(words.split("\n")) if isinstance(words, str) else words


Line = Annotated[Text, BeforeValidator(on_one_line)]
Answer = Annotated[str, StringConstraints(min_length=1, max_length=1200, strip_whitespace=True)]


class Strict(BaseModel):
    """A table in which a misspelt key is a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Both(Strict):
    """The same words in Thai and English."""

    th: Text
    en: Text

    def of(self, language: str) -> str:
        """The words in one of the two languages."""
        return self.en if language == "en" else self.th


class BothAnswers(Both):
    """An answer in Thai and English, short enough for a chat."""

    th: Answer
    en: Answer


class Provenance(Strict):
    """What an answer rests on."""

    title: Text
    clause: Text | None = None
    url: Address | None = None


class Entry(Strict):
    """One question with its signed answer."""

    id: Id
    category: Text
    question: Both
    phrasings: list[Line] = Field(min_length=4)
    phrasings_en: list[Line] = []
    answer: BothAnswers
    unit: Id | None = None
    source: Provenance
    updated: dt.date
    review_by: dt.date
    verified_on: dt.date | None = None
    """When somebody last held it against its source and left it as it was."""


class CatalogueItem(Strict):
    """One thing the agency must disclose."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: Id
    clause: Text
    group: Both
    title: Both
    owner: Id
    class_: Literal["immediate", "on-change", "scheduled"] = Field(alias="class")
    review_months: int = Field(ge=1, le=60)
    url: Address | None = None


class Name(Strict):
    """What the agency is called."""

    th: Text
    en: Text
    short_th: Text
    short_en: Text

    def of(self, language: str) -> str:
        """The full name."""
        return self.en if language == "en" else self.th


class ContactDetails(Strict):
    """How to reach the agency; what its rule does not say is absent."""

    unit: Id | None = None
    address_th: Text | None = None
    address_en: Text | None = None
    phones: list[Text] = []
    fax: Text | None = None
    email: Text | None = None
    website: Text | None = None
    hours_th: Text | None = None
    hours_en: Text | None = None
    source: Text | None = None


class Post(Strict):
    """A post or body that the rule names."""

    title_th: Text
    title_en: Text
    source: Text


class Unit(Strict):
    """A part of the agency."""

    id: Id
    name_th: Text
    name_en: Text
    duties_th: Text | None = None
    source: Text

    def name(self, language: str) -> str:
        """The unit's name."""
        return self.name_en if language == "en" else self.name_th


class Role(Post):
    """Who does what."""

    role: Literal["reporter", "approver", "webmaster", "agent", "executive", "officer"]
    unit: Id | None = None


class Step(Post):
    """One step of the approval chain."""

    step: Literal["prepare", "approve", "publish", "screen"]
    role: Literal["reporter", "approver", "webmaster", "agent", "executive", "officer"]


class FlowKind(Post):
    """A kind of publication with a chain of its own."""

    id: Id


class Report(Strict):
    """A report the agency owes its head."""

    id: Id
    period: Literal["month", "quarter", "half-year", "year"]
    by_th: Text
    to_th: Text
    by_en: Text
    to_en: Text
    source: Text


class Rule(Strict):
    """The published rule that the profile was read from."""

    title_th: Text
    title_en: Text
    date: dt.date | None = None
    seed: Text


class Note(Strict):
    """A slip of the printed rule, and how it is taken."""

    clause: Text
    printed: Text
    taken_as: Text
    why: Text


class Missing(Strict):
    """Something the rule leaves open, for the agency to fill in."""

    field: Text
    what_th: Text
    what_en: Text


class Profile(Strict):
    """Who the agency is."""

    kind: Literal[
        "province",
        "district",
        "municipality",
        "subdistrict",
        "ministry-office",
        "department",
        "other",
    ]
    languages: list[Literal["th", "en"]] = Field(min_length=1)
    name: Name
    contact: ContactDetails
    head: Post
    screening: Post | None = None
    units: list[Unit] = Field(min_length=1)
    roles: list[Role]
    approval: list[Step]
    flows: list[FlowKind] = []
    chains: list[Chain] = []
    topics: list[Topic] = []
    news: NewsProfile = NewsProfile()
    calendar: Calendar = Calendar()
    reports: list[Report]
    document: Rule
    notes: list[Note] = []
    missing: list[Missing] = []
    abbreviations: dict[str, str] = {}


class Background(Strict):
    """Matters of another body, or plain chat: what this agency does not answer."""

    body: Both
    phone: Text | None = None
    examples: list[Text] = Field(min_length=1)


class Flag(Strict):
    """What became of a page that answers rest on, and the day on which it was seen."""

    state: Literal["changed", "dead"]
    since: dt.date


class Agency(BaseModel):
    """Everything one agency's folder says, joined to what is true for all."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    slug: str
    profile: Profile
    entries: Mapping[str, Entry]
    own: frozenset[str]
    """Ids of the agency's own entries."""
    renamed: Mapping[str, str] = {}
    """The ids that entries have now, by those they had before."""
    catalogue: Sequence[CatalogueItem]
    chains: Mapping[MatterKind, Chain]
    topics: Mapping[str, Topic]
    """What complaints are about, by id."""
    newsroom: Newsroom
    wording: Wording
    flagged: Mapping[str, Flag] = {}
    """What is wrong with the pages that answers rest on, by address."""

    def entry(self, key: str) -> Entry | None:
        """An entry by the id it has or once had."""
        return self.entries.get(key) or self.entries.get(self.renamed.get(key, ""))

    def unit(self, unit_id: str | None) -> Unit | None:
        """A unit by its id."""
        return next((u for u in self.profile.units if u.id == unit_id), None)

    def item(self, item_id: str) -> CatalogueItem | None:
        """A catalogue item by its id."""
        return next((i for i in self.catalogue if i.id == item_id), None)


class Defaults(BaseModel):
    """What is true for every Thai agency."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    entries: Mapping[str, Entry]
    background: Sequence[Background]
    chains: Sequence[Chain]
    topics: Sequence[Topic]
    news: NewsProfile
    wording: Wording

    @property
    def asked_of_others(self) -> Sequence[str]:
        """What other bodies are asked, as citizens type it."""
        return tuple(example for group in self.background for example in group.examples)

"""News as templates show them: the list, one thread, its marks, facts and files."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol
from urllib.parse import urlencode

from admin.announcements import Announcement, Relation
from admin.attachments import Attachment
from admin.leaflets import headline, moment
from admin.officers import Role
from admin.threads import Story, is_withdrawn
from handlers.site.news_files import FileShown, files_of
from knowledge.agency import Agency

FIRST_WORDS = 160
"""Letters of an announcement that the list shows."""
_APPROVERS: Mapping[str, str] = {
    Role.APPROVER: "newspage.approver",
    Role.EXECUTIVE: "newspage.executive",
}


class Say(Protocol):
    """The agency's wording in one language."""

    def __call__(self, key: str, /, **filling: object) -> str:
        """A text."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what it says; where it is a moment, also as machines read it."""

    label: str
    value: str
    at: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a reader must know before the words: in words, and in a colour besides."""

    kind: str
    words: str
    href: str = ""
    link: str = ""
    """What the address leads to."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thread in the list."""

    href: str
    headline: str
    words: str
    tongue: str
    """The language that it is written in."""
    marks: Sequence[Mark]
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Told:
    """One announcement of a thread."""

    anchor: str
    headline: str
    text: str
    """Empty where it was withdrawn."""
    tongue: str
    at: Fact
    withdrawn: str
    files: Sequence[FileShown]


@dataclass(frozen=True, slots=True)
class View:
    """How one language of one agency shows news, at one moment."""

    agency: Agency
    language: str
    now: datetime

    @property
    def say(self) -> Say:
        """The texts in this language."""
        return partial(self.agency.wording.say, language=self.language)

    def address(self, path: str = "news", **more: object) -> str:
        """A page's one address; the agency's first language needs no mark."""
        return address(self.agency, self.language, path, **more)

    def moment(self, label: str, at: datetime) -> Fact:
        """A moment in Bangkok, written out."""
        plain = at.astimezone(UTC).isoformat(timespec="seconds")
        return Fact(label, moment(at, self.language), plain)

    def headline(self, one: Announcement) -> str:
        """The headline, with what it is to an earlier one."""
        return headline(self.agency, one, self.language)

    def title(self, story: Story, one: Announcement) -> str:
        """The headline as it stands by itself, which says at once that it holds no more."""
        said = self.headline(one)
        if story.is_withdrawn or is_withdrawn(one):
            return self.say("newspage.withdrawn_of", headline=said)
        is_over = one.id == story.first.id and story.ended(self.now)
        return self.say("alert.all_clear", headline=said) if is_over else said

    def heading(self, story: Story) -> str:
        """The headline as it is now; what it holds no more, it says at once."""
        if story.is_withdrawn:
            return self.title(story, story.first)
        said = story.main.content.headline(self.language)
        return self.say("alert.all_clear", headline=said) if story.ended(self.now) else said

    def tongue(self, one: Announcement) -> str:
        """The language that it is read in: Thai, where nobody put it into English."""
        is_english = self.language == "en" and one.content.text_en
        return "en" if is_english else "th"

    def body(self, story: Story, one: Announcement) -> str:
        """The words of one; of what was withdrawn only why, as it may have said what it must not.

        A wrong notice or a person's number is not to be copied on from here.
        """
        for withdrawn in (story.first, one):
            if is_withdrawn(withdrawn):
                return self.withdrawn(withdrawn)
        said = one.content
        return said.all_clear(self.language) if _is_end(one) else said.text(self.language)

    def withdrawn(self, one: Announcement) -> str:
        """When it was withdrawn, and why."""
        at = moment(one.changed_at, self.language)
        return self.say("newspage.withdrawn_why", at=at, reason=one.reason or "-")

    def item(self, story: Story) -> Item:
        """A thread in the list: what it says now, not what it first said."""
        latest = story.latest
        return Item(
            href=self.address(f"news/{story.first.id}"),
            headline=latest.content.headline(self.language),
            words=beginning(self.body(story, latest)),
            tongue=self.language if story.is_withdrawn else self.tongue(latest),
            marks=self.marks(story),
            facts=[*self._topic(story), self._unit(story), *self._moments(story)],
        )

    def marks(self, story: Story) -> Sequence[Mark]:
        """That it was withdrawn, has ended, was corrected."""
        if story.is_withdrawn:
            return [Mark("withdrawn", self.say("newspage.withdrawn"))]
        found = []
        if story.ended(self.now):
            found.append(Mark("ended", self.say("newspage.ended")))
        if story.corrections:
            found.append(Mark("corrected", self.say("newspage.corrected")))
        return found

    def notes(self, story: Story) -> Sequence[Mark]:
        """The same in whole sentences, for the page of the thread."""
        if story.is_withdrawn:
            return [Mark("withdrawn", self.withdrawn(story.first))]
        found = []
        if ended := story.ended(self.now):
            at = moment(ended, self.language)
            found.append(Mark("ended", self.say("newspage.ended_note", at=at)))
        if story.corrections:
            latest = story.latest
            at = moment(latest.posted_at or latest.changed_at, self.language)
            said = self.say("newspage.corrected_note", at=at)
            link = self.say("newspage.earlier")
            found.append(Mark("corrected", said, f"#{anchor(story.first)}", link))
        return found

    def facts(self, story: Story) -> Sequence[Fact]:
        """Everything that holds of a thread now."""
        content = story.standing
        names = self.areas(content.areas)
        found = [*self._topic(story)]
        if names and not story.is_withdrawn:
            found.append(Fact(self.say("newspage.area"), ", ".join(names)))
        if content.place and not story.is_withdrawn:
            found.append(Fact(self.say("newspage.place"), content.place))
        found += self._moments(story, with_begin=True)
        if story.first.next_at and not story.ended(self.now):
            found.append(self.moment(self.say("newspage.next"), story.first.next_at))
        found.append(self._unit(story))
        signed = story.latest.signed("approve")
        if key := _APPROVERS.get(signed.role if signed else ""):
            found.append(Fact(self.say("newspage.approved"), self.say(key)))
        if content.source_url and not story.is_withdrawn:
            label = self.say("newspage.source")
            found.append(Fact(label, content.source_url, href=content.source_url))
        return found

    def told(self, story: Story, one: Announcement, files: Mapping[int, Attachment]) -> Told:
        """One announcement of the page of its thread."""
        is_gone = story.is_withdrawn or is_withdrawn(one)
        is_main = one.id == story.main.id
        return Told(
            anchor=anchor(one),
            headline=one.content.headline(self.language) if is_main else self.headline(one),
            text="" if is_gone else self.body(story, one),
            tongue=self.tongue(one),
            at=self.moment(self.say("newspage.posted"), one.posted_at or one.changed_at),
            withdrawn=self.withdrawn(one) if is_withdrawn(one) else "",
            files=[] if is_gone else files_of(one, files),
        )

    def topic(self, story: Story) -> str:
        """What it is about; nothing where the profile has that topic no more."""
        topic = self.agency.newsroom.topics.get(story.standing.topic)
        return topic.name(self.language) if topic else ""

    def areas(self, ids: Sequence[str]) -> list[str]:
        """The names of areas that the profile has."""
        known = self.agency.newsroom.areas
        return [known[key].name(self.language) for key in ids if key in known]

    def unit(self, story: Story) -> str:
        """Who answers for it."""
        unit = self.agency.unit(story.standing.unit)
        return unit.name(self.language) if unit else self.agency.profile.name.of(self.language)

    def _topic(self, story: Story) -> Sequence[Fact]:
        name, key = self.topic(story), story.standing.topic
        href = self.address(topic=key)
        return [Fact(self.say("newspage.topic"), name, href=href)] if name else []

    def _unit(self, story: Story) -> Fact:
        return Fact(self.say("newspage.unit"), self.unit(story))

    def _moments(self, story: Story, *, with_begin: bool = False) -> list[Fact]:
        """Posted, last edited (C6), in force from and until, or over since."""
        first, until = story.first, story.standing.valid_until
        found = [self.moment(self.say("newspage.posted"), first.posted_at or first.changed_at)]
        if first.edited_at:
            found.append(self.moment(self.say("newspage.edited"), first.edited_at))
        if with_begin and story.standing.valid_from:
            found.append(self.moment(self.say("newspage.from"), story.standing.valid_from))
        if story.is_withdrawn:
            found.append(self.moment(self.say("newspage.withdrawn_at"), first.changed_at))
        elif ended := story.ended(self.now):
            found.append(self.moment(self.say("newspage.ended_at"), ended))
        elif until:
            found.append(self.moment(self.say("newspage.until"), until))
        return found


def _is_end(one: Announcement) -> bool:
    return one.relation is Relation.ALL_CLEAR


def anchor(one: Announcement) -> str:
    """Where on its page an announcement stands."""
    return f"n{one.id}"


def beginning(text: str, most: int = FIRST_WORDS) -> str:
    """The first words; no letter loses its vowel or tone mark."""
    plain = " ".join(text.split())
    cut = most
    while cut < len(plain) and (plain[cut] == "ำ" or unicodedata.category(plain[cut]) == "Mn"):
        cut += 1
    return plain if len(plain) <= cut else f"{plain[:cut].rstrip()}…"


def address(agency: Agency, language: str, path: str = "news", **more: object) -> str:
    """A page's one address in this language; the agency's first language needs no mark."""
    wanted = {name: value for name, value in more.items() if value}
    if language != agency.profile.languages[0]:
        wanted["lang"] = language
    where = f"/{agency.slug}/{path}"
    return f"{where}?{urlencode(wanted)}" if wanted else where

"""The vocabulary every channel and flow shares: frozen values, nothing of a platform."""

from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from uuid import UUID

from msgspec import Struct


class Kind(StrEnum):
    """What a citizen did."""

    TEXT = "text"
    CHOICE = "choice"
    STICKER = "sticker"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    FILE = "file"
    LOCATION = "location"
    CONTACT_CARD = "contact_card"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    JOIN = "join"
    LEAVE = "leave"
    UNSEND = "unsend"
    OTHER = "other"


SILENT = frozenset({Kind.UNFOLLOW, Kind.LEAVE, Kind.UNSEND})
"""Kinds that nobody can or should answer."""


class Contact(Struct, frozen=True):
    """One conversation: a person, or a group, on one channel of one agency."""

    agency: str
    channel: str
    address: str
    """The platform's id of the person or group, or the web chat's session id."""

    @property
    def id(self) -> UUID:
        """The same contact always has the same id, so nobody has to look it up."""
        return _id_of(self.agency, self.channel, self.address)


@lru_cache(maxsize=16_384)
def _id_of(agency: str, channel: str, address: str) -> UUID:
    name = "\0".join((agency, channel, address)).encode()
    return UUID(bytes=blake2b(name, digest_size=16).digest())


class Attachment(Struct, frozen=True, omit_defaults=True):
    """A file the platform holds for us."""

    id: str
    name: str | None = None
    size: int | None = None
    """Bytes, as the platform says."""


class Place(Struct, frozen=True, omit_defaults=True):
    """A point on the map, WGS 84 degrees."""

    latitude: float
    longitude: float
    title: str | None = None
    address: str | None = None


class InboundMessage(Struct, frozen=True, omit_defaults=True):
    """One thing a citizen did, as every channel tells it."""

    contact: Contact
    event_id: str
    """The platform's id of the event: the same event, delivered again, has the same id."""
    kind: Kind
    order: int
    """Grows with the platform's own order of one contact's events."""
    text: str | None = None
    choice: str | None = None
    message_id: str | None = None
    """The platform's id of the message, to find it when it is unsent or edited."""
    attachment: Attachment | None = None
    place: Place | None = None
    language: str | None = None
    """What the platform says of the person's language, such as `th` or `en`."""
    group: bool = False
    edited: bool = False
    handle: str | None = None
    """What answers just this event: LINE's reply token, Telegram's callback query id."""


class Choice(Struct, frozen=True):
    """Something to tap. Its value says all, so last month's button still does the right thing."""

    label: str
    value: str
    """ASCII, at most 60 bytes (Telegram's callback data hold 64)."""


class Card(Struct, frozen=True, omit_defaults=True):
    """Where an answer comes from."""

    entry: str
    question: str
    source: str
    unit: str | None = None
    updated: str | None = None
    """Written out for people, as `21 พ.ย. 2569`."""
    facts: tuple[tuple[str, str], ...] = ()
    """Label and value as they are shown: source, unit, last updated."""
    url: str | None = None


class File(Struct, frozen=True):
    """A file of ours that goes with a reply, where the platform takes files."""

    digest: str
    """SHA-256 of its content, in hex: what `bot.files` knows it by."""
    name: str


class Reply(Struct, frozen=True, omit_defaults=True):
    """One message to a citizen: plain text, buttons, an answer's provenance, and files."""

    text: str
    choices: tuple[Choice, ...] = ()
    card: Card | None = None
    files: tuple[File, ...] = ()


class Call(Struct, frozen=True):
    """One request to a platform, as a channel planned it and the outbox keeps it."""

    payload: dict[str, object]
    key: UUID
    """Idempotency key, where the platform knows such a thing."""
    attempts: int
    """How often it was tried before; more than none means it may have arrived already."""
    received_at: datetime
    """When the event that this answers was received (UTC)."""
    address: str

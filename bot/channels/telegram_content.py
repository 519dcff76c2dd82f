"""What a Telegram message holds: text, a file, a place, a sticker."""

from collections.abc import Mapping
from typing import Any

from telegram import (
    Audio,
    Document,
    Location,
    Message,
    PhotoSize,
    Video,
    VideoNote,
    Voice,
)

from bot.channels.reading import clean
from bot.messages import Attachment, Kind, Place

File = Audio | Document | PhotoSize | Video | VideoNote | Voice


def content(message: Message) -> Mapping[str, Any]:
    """Kind, and file or place; what is in no row here is OTHER and gets a reply all the same.

    An animation comes with a document and a venue with a location for older clients, so these
    are looked for first: https://core.telegram.org/bots/api#message
    """
    if message.text:
        return {"kind": Kind.TEXT}
    if message.animation or message.sticker:
        return {"kind": Kind.STICKER}
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return {"kind": Kind.IMAGE, "attachment": _attachment(largest)}
    for kind, file in _files(message):
        if file:
            return {"kind": kind, "attachment": _attachment(file)}
    place = _place(message)
    if place:
        return {"kind": Kind.LOCATION, "place": place}
    return {"kind": Kind.CONTACT_CARD if message.contact else Kind.OTHER}


def _files(message: Message) -> list[tuple[Kind, File | None]]:
    return [
        (Kind.VIDEO, message.video),
        (Kind.VIDEO, message.video_note),
        (Kind.AUDIO, message.voice),
        (Kind.AUDIO, message.audio),
        (Kind.FILE, message.document),
    ]


def _attachment(file: File) -> Attachment:
    name = getattr(file, "file_name", None)
    return Attachment(file.file_id, name=clean(name) if name else None, size=file.file_size)


def _place(message: Message) -> Place | None:
    if message.venue:
        title, address = clean(message.venue.title), clean(message.venue.address)
        return _point(message.venue.location, title, address)
    return _point(message.location) if message.location else None


def _point(location: Location, title: str | None = None, address: str | None = None) -> Place:
    return Place(location.latitude, location.longitude, title, address)

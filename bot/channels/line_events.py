"""What LINE sends to a webhook, event by event, as our own messages."""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from msgspec.structs import replace

from bot.channels.reading import (
    JsonObject,
    degrees,
    identity,
    label,
    objects,
    part,
    whole,
    words,
)
from bot.channels.splitting import without
from bot.messages import Attachment, Contact, InboundMessage, Kind, Place

Skipped = Callable[[str], None]
Found = Mapping[str, Any]
"""What an event tells beyond who and when."""

MEDIA = {"image": Kind.IMAGE, "video": Kind.VIDEO, "audio": Kind.AUDIO, "file": Kind.FILE}
SIMPLE = {
    "follow": Kind.FOLLOW,
    "unfollow": Kind.UNFOLLOW,
    "join": Kind.JOIN,
    "leave": Kind.LEAVE,
}


def read_event(event: object, agency: str, skipped: Skipped) -> InboundMessage | None:
    """One event of a webhook, or None after counting why it does not concern us.

    https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
    """
    if not isinstance(event, dict):
        skipped("unreadable")
        return None
    if event.get("mode", "active") != "active":  # another tool of the agency is talking
        skipped("standby")
        return None
    base = _envelope(event, agency)
    if base is None:
        skipped("nobody")
        return None
    found = _content(event, group=base.group)
    if found is None:
        skipped(_kind_of(event, group=base.group))
        return None
    return replace(base, **found)


def _envelope(event: JsonObject, agency: str) -> InboundMessage | None:
    source = part(event, "source")
    shared = identity(source, "groupId") or identity(source, "roomId")
    address = shared or identity(source, "userId")
    if address is None:
        return None
    return InboundMessage(
        contact=Contact(agency, "line", address),
        event_id=identity(event, "webhookEventId") or _made_up_id(event, address),
        kind=Kind.OTHER,
        order=whole(event, "timestamp") or 0,
        message_id=identity(part(event, "message"), "id"),
        group=shared is not None,
        handle=words(event, "replyToken") or None,
    )


def _made_up_id(event: JsonObject, address: str) -> str:
    """The same for the same event: of what stays the same when it is delivered again."""
    told = (
        event.get("type"),
        address,
        event.get("timestamp"),
        part(event, "message").get("id"),
        part(event, "unsend").get("messageId"),
        part(event, "postback").get("data"),
    )
    name = repr(told).encode("utf-8", "replace")
    return "made-up-" + blake2b(name, digest_size=16).hexdigest()


def _kind_of(event: JsonObject, *, group: bool) -> str:
    kind = event.get("type")
    return "group" if group and kind == "message" else label(kind)


def _content(event: JsonObject, *, group: bool) -> Found | None:
    match event.get("type"):
        case "message":
            message = part(event, "message")
            return _said_in_group(message) if group else _said(message)
        case "postback":
            choice = words(part(event, "postback"), "data")
            return {"kind": Kind.CHOICE, "choice": choice} if choice else {"kind": Kind.OTHER}
        case "unsend":
            message_id = identity(part(event, "unsend"), "messageId")
            return {"kind": Kind.UNSEND, "message_id": message_id} if message_id else None
        case "follow" | "unfollow" | "join" | "leave" as kind:
            return {"kind": SIMPLE[kind]}
        case _:
            return None


def _said(message: JsonObject) -> Found:
    """A message to us alone; what we cannot read is OTHER, so that it still gets a reply."""
    match message.get("type"):
        case "text":
            text = words(message, "text")
            return {"kind": Kind.OTHER} if text is None else {"kind": Kind.TEXT, "text": text}
        case "sticker":
            return {"kind": Kind.STICKER}
        case "location":
            place = _place(message)
            return {"kind": Kind.LOCATION, "place": place} if place else {"kind": Kind.OTHER}
        case "image" | "video" | "audio" | "file" as kind:
            return {"kind": MEDIA[kind], "attachment": _attachment(message)}
        case _:
            return {"kind": Kind.OTHER}


def _said_in_group(message: JsonObject) -> Found | None:
    """A text that mentions us, less the mention; nothing else said in a group is our business.

    Offsets count UTF-16 units: https://developers.line.biz/en/reference/messaging-api/#wh-text
    """
    text = words(message, "text")
    if message.get("type") != "text" or text is None:
        return None
    mentioned = objects(part(message, "mention"), "mentionees")
    ours = [one for one in mentioned if one.get("isSelf") is True]
    if not ours:
        return None
    spans = [(whole(one, "index") or 0, whole(one, "length") or 0) for one in ours]
    return {"kind": Kind.TEXT, "text": without(text, spans)}


def _attachment(message: JsonObject) -> Attachment | None:
    """The file LINE keeps for us; of a picture kept elsewhere LINE has nothing to fetch."""
    held = identity(message, "id")
    if held is None or part(message, "contentProvider").get("type", "line") != "line":
        return None
    return Attachment(held, name=words(message, "fileName"), size=whole(message, "fileSize"))


def _place(message: JsonObject) -> Place | None:
    latitude, longitude = degrees(message, "latitude", 90), degrees(message, "longitude", 180)
    if latitude is None or longitude is None:
        return None
    return Place(latitude, longitude, words(message, "title"), words(message, "address"))

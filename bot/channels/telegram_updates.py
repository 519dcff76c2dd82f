"""What Telegram sends, update by update, as our own messages."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from telegram import CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Message, Update, User
from telegram.error import TelegramError

from bot.channels.reading import JsonObject, clean, identity, label, part, whole, words
from bot.channels.splitting import without
from bot.channels.telegram_content import content
from bot.messages import Contact, InboundMessage, Kind

Skipped = Callable[[str], None]
Found = Mapping[str, Any]
"""What an update tells beyond who and when."""

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""Named on every start, for Telegram keeps the last list it was given.

https://core.telegram.org/bots/api#setwebhook
"""
COMMAND = re.compile(r"/([a-z0-9_]{1,32})(?:@([a-z0-9_]+))?(?=\s|\Z)", re.ASCII | re.IGNORECASE)
"""https://core.telegram.org/bots/features#commands"""
ODD = (
    ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TelegramError,
    TypeError, ValueError,
)  # fmt: skip
"""What the library raises on values it does not expect."""
SERVICE = re.compile(
    "new_chat_|left_chat_member|chat_owner_|delete_chat_photo|group_chat_created|supergroup_chat_"
    "|channel_chat_|message_auto_delete_|migrate_|pinned_message|successful_payment"
    "|refunded_payment|users_shared|chat_shared|connected_website|write_access_allowed"
    "|proximity_alert_|boost_added|chat_background_|checklist_tasks_|direct_message_price_"
    "|forum_topic_|general_forum_|giveaway_created|giveaway_completed|managed_bot_"
    "|paid_message_price_|poll_option_|suggested_post_(?!info)|video_chat_"
)
"""Fields of messages that tell of an event in the chat and that nobody wrote.

https://core.telegram.org/bots/api#message
"""


class Me(Struct, frozen=True):
    """The bot itself, to know when a group speaks to it."""

    id: int
    username: str | None
    commands: frozenset[str]

    def is_named(self, name: str) -> bool:
        """The name, without its @, is this bot's."""
        return self.username is not None and name.casefold() == self.username.casefold()


def read_update(raw: object, agency: str, me: Me, skipped: Skipped) -> InboundMessage | None:
    """One update, or None after counting why it does not concern us."""
    update_id = whole(raw, "update_id") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or update_id is None:
        skipped("unreadable")
        return None
    base = InboundMessage(
        contact=Contact(agency, "telegram", ""),
        event_id=str(update_id),
        kind=Kind.OTHER,
        order=update_id,
    )
    kind = next((key for key in raw if key != "update_id"), "unreadable")
    try:
        found = _found(Update.de_json(raw, None), part(raw, kind), me)
    except ODD:
        found = _of_odd(raw)
    if isinstance(found, str):
        skipped(found or label(kind))
        return None
    address = found["address"]
    rest = {key: value for key, value in found.items() if key != "address"}
    return replace(base, contact=Contact(agency, "telegram", address), **rest)


def _found(update: Update, raw: JsonObject, me: Me) -> Found | str:
    """What an update tells, or the reason to skip it (empty: its kind)."""
    if update.message:
        return _message(update.message, raw, me)
    if update.edited_message:
        return _edited(update.edited_message, raw, me)
    if update.callback_query:
        return _callback(update.callback_query)
    if update.my_chat_member:
        return _membership(update.my_chat_member)
    return ""


def _of_odd(raw: JsonObject) -> Found | str:
    """An update the library cannot read, for a field we may not need: taken with less."""
    query, message = part(raw, "callback_query"), part(raw, "message")
    sender = identity(part(query, "from"), "id")
    if sender:
        return {"address": sender, "handle": identity(query, "id"), **_chosen(words(query, "data"))}
    chat = part(message, "chat")
    address = identity(chat, "id")
    if address is None or chat.get("type") != "private":
        return "unreadable"
    text = words(message, "text")
    told = _said(text, group=False) if text else {}
    return {"address": address, "message_id": identity(message, "message_id"), **told}


def _message(message: Message, raw: JsonObject, me: Me) -> Found | str:
    if any(SERVICE.match(field) for field in raw):
        return "service"
    found = {**_who(message.chat, message.from_user), "message_id": str(message.message_id)}
    text = clean(message.text or message.caption or "")
    if found["group"]:
        addressed = _addressed(message, text, me)
        if addressed is None:
            return "group"
        text = addressed
    told = content(message)
    if told["kind"] is Kind.TEXT:
        told = _said(text, group=found["group"])
    elif text:
        told = {**told, "text": text}
    return {**found, **told}


def _edited(message: Message, raw: JsonObject, me: Me) -> Found | str:
    """Only words and captions are read again: a live location is edited every few seconds."""
    if not (message.text or message.caption or "attachment" in content(message)):
        return "edited"
    found = _message(message, raw, me)
    if isinstance(found, str):
        return found
    if message.text:
        found = {**found, "kind": Kind.TEXT, "text": found.get("text") or "/start"}
    return {**found, "edited": True}


def _said(text: str, *, group: bool) -> Found:
    """A text; the command that Telegram itself sends at the beginning of a chat is a FOLLOW."""
    command = COMMAND.match(text)
    if command:
        text = f"/{command[1].lower()}{text[command.end() :]}".strip()
    if text == "/start" and not group:
        return {"kind": Kind.FOLLOW}
    return {"kind": Kind.TEXT, "text": text}


def _addressed(message: Message, text: str, me: Me) -> str | None:
    """What a group says to us, less our name; None if it speaks to somebody else."""
    command = COMMAND.match(text)
    if command:
        ours = me.is_named(command[2]) if command[2] else command[1].lower() in me.commands
        return text if ours else None
    spans = [
        (entity.offset, entity.length)
        for entity in (*message.entities, *message.caption_entities)
        if (entity.user and entity.user.id == me.id)
        or (entity.type == "mention" and me.is_named(_named(text, entity.offset, entity.length)))
    ]
    if spans:
        return without(text, spans)
    replied = message.reply_to_message
    to_us = replied is not None and replied.from_user is not None and replied.from_user.id == me.id
    return text if to_us else None


def _named(text: str, offset: int, length: int) -> str:
    """The name in a mention: https://core.telegram.org/bots/api#messageentity counts UTF-16."""
    raw = text.encode("utf-16-le")[2 * offset : 2 * (offset + length)]
    return raw.decode("utf-16-le", "replace").removeprefix("@")


def _callback(query: CallbackQuery) -> Found:
    """A tapped button; it may hang on a message too old to be told of, or on none."""
    chat = query.message.chat if query.message else None
    return {
        **_who(chat, query.from_user),
        "message_id": str(query.message.message_id) if query.message else None,
        "handle": query.id,
        **_chosen(clean(query.data or "")),
    }


def _chosen(data: str | None) -> Found:
    return {"kind": Kind.CHOICE, "choice": data} if data else {}


def _membership(change: ChatMemberUpdated) -> Found | str:
    """Blocked or unblocked by a person, added to or removed from a group.

    https://core.telegram.org/bots/api#update
    """
    if change.chat.type == Chat.CHANNEL:
        return "channel"
    before, after = _is_in(change.old_chat_member), _is_in(change.new_chat_member)
    if before == after:
        return ""
    found = _who(change.chat, change.from_user)
    joined, left = (Kind.JOIN, Kind.LEAVE) if found["group"] else (Kind.FOLLOW, Kind.UNFOLLOW)
    return {**found, "kind": joined if after else left}


def _is_in(member: ChatMember) -> bool:
    if member.status == ChatMember.RESTRICTED:
        return bool(getattr(member, "is_member", False))
    return member.status not in {ChatMember.LEFT, ChatMember.BANNED}


def _who(chat: Chat | None, person: User | None) -> dict[str, Any]:
    address = chat.id if chat else person.id if person else 0
    return {
        "address": str(address),
        "group": chat is not None and chat.type != Chat.PRIVATE,
        "language": person.language_code if person else None,
    }

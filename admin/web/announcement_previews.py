"""Previews: an announcement as LINE, Telegram and the web chat show it.

They are read from the very payloads that are sent, so that nothing is seen which does not go out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from markupsafe import Markup

from admin import leaflets
from admin.announcement_checks import first_time
from admin.announcements import Announcement, Content, Relation, State, Way, ending
from admin.leaflets import Told
from admin.threads import Story, follow
from admin.web.visit import Visit
from bot.channels import line_messages, telegram_messages
from bot.channels.channel import Metered
from bot.messages import Reply
from bot.tables import account_of

LINE, TELEGRAM, WEB = "line", "telegram", "web"
CHANNELS: Final = (LINE, TELEGRAM, WEB)


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as it is read."""

    text: str | Markup
    files: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    """Labels of the buttons below it, row by row."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What one channel shows in one language."""

    channel: str
    language: str
    has_account: bool
    """Whether the agency has such an account; without one nothing goes out there."""
    bubbles: Sequence[Bubble]
    is_sent: bool = True
    """False where this announcement stays away from the channel (L3)."""
    way: Way = Way.PUSH


def previews(visit: Visit, told: Told) -> Sequence[Preview]:
    """Every channel in every language of the agency."""
    agency, address = visit.agency, visit.equipment.settings.public_url
    found: list[Preview] = []
    for language in agency.profile.languages:
        reply = leaflets.alert(agency, told, language, address)
        found += [_preview(visit, told.shown, name, language, reply) for name in CHANNELS]
    return found


def as_sent(
    visit: Visit,
    it: Announcement,
    story: Story,
    *,
    content: Content | None = None,
    end: Announcement | None = None,
) -> Told:
    """What is told of it when it is sent, or of its `end` when that is.

    All that was posted by then has left its mark on the first of the thread.
    """
    view = _as_posted(visit, it, content)
    first = view if it.first_id is None else _as_posted(visit, story.first)
    last = end or view
    followers = [one for one in story.followers if one.id != it.id]
    followers += [] if view is first else [view]
    followers += [end] if end else []
    told: list[Announcement] = []
    for one in sorted(followers, key=_moment):
        if _moment(one) <= _moment(last):
            follow(Story(first, tuple(told)), one, _moment(one))
            told.append(one)
    return Told(last, first)


def end_of(visit: Visit, it: Announcement, planned: Announcement | None) -> Announcement | None:
    """Its all-clear, as that is planned or will be; None where there is none to come."""
    if it.posted_at is not None or it.state is State.CANCELLED:
        return _as_posted(visit, planned) if planned else None
    view = _as_posted(visit, it)
    said = ending(view, planned, _moment(view))
    if said is None:
        return None
    end = Announcement(
        id=0,
        agency=it.agency,
        relation=Relation.ALL_CLEAR,
        first_id=it.first_id or it.id,
        posted_at=said.valid_until,
    )
    end.content = said
    return end


def _as_posted(visit: Visit, one: Announcement, content: Content | None = None) -> Announcement:
    """The announcement as it is at the moment when it is sent, apart from the database."""
    shown = Announcement(
        id=one.id,
        agency=one.agency,
        relation=one.relation,
        first_id=one.first_id,
        posted_at=one.posted_at or one.starts_at or first_time(content or one.content, visit.now),
    )
    shown.content = content or one.content
    return shown


def _moment(view: Announcement) -> datetime:
    return view.posted_at or datetime.max.replace(tzinfo=UTC)


def _preview(visit: Visit, one: Announcement, name: str, language: str, reply: Reply) -> Preview:
    channel = visit.equipment.channels.get(account_of(visit.agency.slug, name))
    payloads = channel.plan([reply], None, visit.now) if channel else _planned(name, reply)
    read = {LINE: _line, TELEGRAM: _telegram, WEB: _web}[name]
    way, is_counted = one.content.way, isinstance(channel, Metered)
    is_sent = way is not Way.PAGE and not (is_counted and way is Way.FREE)
    is_sent = is_sent or one.first_id is not None  # it goes to just those who got what it follows
    return Preview(name, language, channel is not None, read(payloads), is_sent, way)


def _planned(name: str, reply: Reply) -> list[dict[str, object]]:
    """What an account would send if there were one."""
    if name == LINE:
        return [{"messages": each} for each in line_messages.requests([reply])]
    if name == TELEGRAM:
        return telegram_messages.calls([reply], None)
    return [{"reply": msgspec.to_builtins(reply)}]


def _line(payloads: Sequence[Mapping[str, Any]]) -> list[Bubble]:
    messages = [message for payload in payloads for message in payload["messages"]]
    bubbles: list[Bubble] = []
    for each in messages:
        items = each.get("quickReply", {}).get("items", [])
        rows = [[item["action"]["label"]] for item in items]
        bubbles.append(Bubble(each.get("text") or each.get("altText", ""), (), rows))
    return bubbles


def _telegram(payloads: Sequence[Mapping[str, Any]]) -> list[Bubble]:
    bubbles: list[Bubble] = []
    for call in payloads:
        params = call["params"]
        if call["method"] == "send_document":
            bubbles.append(Bubble("", (params["name"],)))
            continue
        keyboard = params.get("reply_markup", {}).get("inline_keyboard", [])
        rows = [[button["text"] for button in row] for row in keyboard]
        # Every word was escaped when the call was planned: it is HTML of our own.
        bubbles.append(Bubble(Markup(params["text"]), (), rows))  # noqa: S704
    return bubbles


def _web(payloads: Sequence[Mapping[str, Any]]) -> list[Bubble]:
    replies = [msgspec.convert(payload["reply"], Reply) for payload in payloads]
    return [
        Bubble(reply.text, (), [[choice.label for choice in reply.choices]]) for reply in replies
    ]

"""How replies look on LINE: text, Flex bubbles and quick replies, within LINE's limits."""

import json
from collections.abc import Iterable, Sequence

import msgspec

from bot.channels.cards import facts, label_of, link, value_of
from bot.channels.splitting import is_blank, parts, shorten, units
from bot.messages import Card, Choice, Reply

Json = dict[str, object]

MESSAGES_PER_REQUEST = 5
"""https://developers.line.biz/en/reference/messaging-api/#send-reply-message"""
TEXT_UNITS = 5000
"""https://developers.line.biz/en/reference/messaging-api/#text-message"""
ALT_TEXT_UNITS = 1500
"""https://developers.line.biz/en/reference/messaging-api/#flex-message"""
BUBBLE_BYTES = 30_000
"""30 KB: https://developers.line.biz/en/reference/messaging-api/#bubble"""
ESCAPED = 3
"""So many times as long as plain JSON is JSON without other letters than ASCII, at most."""
QUICK_REPLIES = 13
"""https://developers.line.biz/en/reference/messaging-api/#items-object"""
LABEL_UNITS = 20
DISPLAY_UNITS = 300
"""Both: https://developers.line.biz/en/reference/messaging-api/#postback-action"""


def requests(replies: Sequence[Reply]) -> list[list[Json]]:
    """The messages of each request that carries these replies, in as few requests as they fit.

    Quick replies stand on the very last message: LINE hides them as soon as another one follows.
    """
    messages = [message for reply in replies for message in _messages(reply)]
    if not messages:
        return []
    if len(messages) > MESSAGES_PER_REQUEST:
        messages = _joined(messages)
    items = quick_replies((choice, reply.text) for reply in replies for choice in reply.choices)
    if items:
        messages[-1] = {**messages[-1], "quickReply": {"items": items}}
    starts = range(0, len(messages), MESSAGES_PER_REQUEST)
    return [messages[start : start + MESSAGES_PER_REQUEST] for start in starts]


def quick_replies(choices: Iterable[tuple[Choice, str]]) -> list[Json]:
    """A button for each different value, as many as LINE shows; each with the text it goes with."""
    wanted = {
        choice.value: (choice, text) for choice, text in choices if not is_blank(choice.label)
    }
    return [_quick_reply(*each) for each in list(wanted.values())[:QUICK_REPLIES]]


def _quick_reply(choice: Choice, text: str) -> Json:
    action = {
        "type": "postback",
        "label": shorten(label_of(choice, text), LABEL_UNITS),
        "data": value_of(choice),
        "displayText": shorten(choice.label.strip(), DISPLAY_UNITS),
    }
    return {"type": "action", "action": action}


def _messages(reply: Reply) -> list[Json]:
    is_linked = bool(reply.files)  # by links in the text, which a bubble would not open
    bubble = _flex(reply.text, reply.card) if reply.card and not is_linked else None
    return [bubble] if bubble else _texts(_plain(reply))


def _texts(text: str) -> list[Json]:
    return [{"type": "text", "text": piece} for piece in parts(text, TEXT_UNITS)]


def _plain(reply: Reply) -> str:
    """All that a reply says; LINE makes a link of an address in a text."""
    where = link(reply.card)
    return "\n".join([complete_text(reply.text, reply.card), *([where[1]] if where else [])])


def complete_text(text: str, card: Card | None) -> str:
    """An answer and its facts in words, as notifications and screen readers give them."""
    rows = "\n".join(f"{label}: {value}" if label else value for label, value in facts(card))
    return "\n\n".join(piece for piece in (text.strip(), rows) if not is_blank(piece))


def _flex(text: str, card: Card) -> Json | None:
    """A Flex message, or None where only plain text can hold it all."""
    complete = complete_text(text, card)
    if not complete or units(complete) > ALT_TEXT_UNITS:
        return None
    bubble = _bubble(text, card)
    if not _fits(bubble):
        return None
    return {"type": "flex", "altText": complete, "contents": bubble}


def _fits(bubble: Json) -> bool:
    """Whether LINE takes it as the SDK writes it, which makes of a letter six bytes or twelve."""
    if ESCAPED * len(msgspec.json.encode(bubble)) <= BUBBLE_BYTES:
        return True
    return len(json.dumps(bubble)) <= BUBBLE_BYTES


def _bubble(text: str, card: Card) -> Json:
    paragraphs = [_text(piece, size="md") for piece in text.split("\n\n") if not is_blank(piece)]
    rows = [_row(label, value) for label, value in facts(card)]
    separator: list[Json] = [{"type": "separator", "margin": "lg"}] if paragraphs and rows else []
    bubble: Json = {
        "type": "bubble",
        "size": "mega",
        "body": _box("vertical", [*paragraphs, *separator, *rows], spacing="md"),
    }
    where = link(card)
    if where:
        bubble["footer"] = _box("vertical", [_button(*where)])
    return bubble


def _row(label: str, value: str) -> Json:
    if not label:
        return _text(value, size="sm", color="#374151")
    cells = [
        _text(label, size="sm", color="#6B7280", flex=2),
        _text(value, size="sm", color="#374151", flex=5),
    ]
    return _box("baseline", cells, spacing="sm")


def _button(label: str, url: str) -> Json:
    action = {"type": "uri", "label": label, "uri": url}
    return {"type": "button", "style": "link", "height": "sm", "action": action}


def _box(layout: str, contents: list[Json], **look: object) -> Json:
    return {"type": "box", "layout": layout, "contents": contents, **look}


def _text(text: str, **look: object) -> Json:
    """A text that wraps and follows the reader's own font size."""
    return {"type": "text", "text": text.strip(), "wrap": True, "scaling": True, **look}


def _joined(messages: list[Json]) -> list[Json]:
    """The same with neighbouring texts joined until one request holds all: others cost money."""
    joined = list(messages)
    at = 1
    while at < len(joined) > MESSAGES_PER_REQUEST:
        both = _both(joined[at - 1], joined[at])
        if both:
            joined[at - 1 : at + 1] = [both]
        else:
            at += 1
    return joined


def _both(first: Json, second: Json) -> Json | None:
    if first["type"] != "text" or second["type"] != "text":
        return None
    text = f"{first['text']}\n\n{second['text']}"
    return {"type": "text", "text": text} if units(text) <= TEXT_UNITS else None

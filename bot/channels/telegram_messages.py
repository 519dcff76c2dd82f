"""How replies look on Telegram: escaped HTML and inline buttons, within Telegram's limits."""

from collections.abc import Iterable, Sequence
from html import escape
from unicodedata import category

from bot.channels.cards import facts, label_of, link, value_of
from bot.channels.splitting import is_blank, parts, shorten, units
from bot.messages import Card, Choice, File, InboundMessage, Reply

Json = dict[str, object]

TEXT_UNITS = 4096
"""After the entities are parsed: https://core.telegram.org/bots/api#sendmessage"""
LABEL_UNITS = 64
SHORT_LABEL = 14
"""Characters as they are seen; two such buttons fit beside each other on a small phone."""


def calls(replies: Sequence[Reply], cause: InboundMessage | None) -> list[Json]:
    """The calls that carry these replies; a tapped button stops spinning when the first is there.

    In a group each one quotes what it answers, which keeps it in its topic, too.
    """
    messages = [params for reply in _worth_sending(replies) for params in _messages(reply)]
    if cause and cause.group and (cause.message_id or "").isdigit():
        quoted = {"message_id": int(cause.message_id or 0), "allow_sending_without_reply": True}
        messages = [{**params, "reply_parameters": quoted} for params in messages]
    sent: list[Json] = [{"method": "send_message", "params": params} for params in messages]
    if cause and cause.handle:
        if not sent:
            sent = [_answered(cause.handle)]
        else:
            sent[0]["answers"] = cause.handle
    return [*sent, *(_document(file) for reply in replies for file in reply.files)]


def _document(file: File) -> Json:
    """What `bot.channels.telegram_documents` uploads, or sends by the id it has."""
    return {"method": "send_document", "params": {"digest": file.digest, "name": file.name}}


def _answered(query_id: str) -> Json:
    """https://core.telegram.org/bots/api#answercallbackquery"""
    params: Json = {"callback_query_id": query_id}
    return {"method": "answer_callback_query", "params": params, "best_effort": True}


def _worth_sending(replies: Sequence[Reply]) -> list[Reply]:
    """The replies that say something; buttons of those that do not go to the one before."""
    worth: list[Reply] = []
    for reply in replies:
        if not is_blank(reply.text) or facts(reply.card):
            worth.append(reply)
        elif worth:
            last = worth[-1]
            worth[-1] = Reply(last.text, (*last.choices, *reply.choices), last.card or reply.card)
    return worth


def _messages(reply: Reply) -> list[Json]:
    texts = _texts(reply.text, reply.card)
    messages: list[Json] = [
        {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
        for text in texts
    ]
    keyboard = _keyboard(reply)
    if keyboard:
        messages[-1]["reply_markup"] = {"inline_keyboard": keyboard}
    return messages


def _texts(text: str, card: Card | None) -> list[str]:
    """HTML of each message: the text, and the facts below it or in a message of their own."""
    pieces = parts(text, TEXT_UNITS)
    rows = facts(card)
    plain = "\n".join(_row(label, value) for label, value in rows)
    if not plain:
        return [escape(piece, quote=False) for piece in pieces]
    if units(plain) > TEXT_UNITS:  # nothing is left out, though nothing is bold
        return [escape(piece, quote=False) for piece in (*pieces, *parts(plain, TEXT_UNITS))]
    marked = "\n".join(_html_row(label, value) for label, value in rows)
    texts = [escape(piece, quote=False) for piece in pieces]
    if pieces and units(pieces[-1]) + 2 + units(plain) <= TEXT_UNITS:
        texts[-1] = f"{texts[-1]}\n\n{marked}"
    else:
        texts.append(marked)
    return texts


def _row(label: str, value: str) -> str:
    return f"{label} {value}" if label else value


def _html_row(label: str, value: str) -> str:
    bold = f"<b>{escape(label, quote=False)}</b>" if label else ""
    return _row(bold, escape(value, quote=False))


def _keyboard(reply: Reply) -> list[list[Json]]:
    """One button a row, two where both labels are short; the source's page at the end."""
    rows: list[list[Json]] = []
    for choice, is_second in _paired(reply.choices):
        label = shorten(label_of(choice, reply.text), LABEL_UNITS)
        button: Json = {"text": label, "callback_data": value_of(choice)}
        if is_second:
            rows[-1].append(button)
        else:
            rows.append([button])
    where = link(reply.card)
    return [*rows, [{"text": where[0], "url": where[1]}]] if where else rows


def _paired(choices: Iterable[Choice]) -> list[tuple[Choice, bool]]:
    """Each choice, and whether it stands beside the one before it."""
    paired: list[tuple[Choice, bool]] = []
    room = False
    for choice in choices:
        if is_blank(choice.label):
            continue
        is_short = _width(choice.label) <= SHORT_LABEL
        is_second = room and is_short
        room = is_short and not is_second
        paired.append((choice, is_second))
    return paired


def _width(label: str) -> int:
    return sum(category(char) not in {"Mn", "Me", "Cf"} for char in label)

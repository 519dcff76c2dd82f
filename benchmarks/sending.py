"""What a benchmark sends: questions as the platforms send them, over a client that costs little."""

import asyncio
import base64
import hmac
import random
import re
import time
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import yaml
from standins import reply_token

AGENCIES = Path(__file__).resolve().parents[1] / "knowledge" / "agencies"
SMALL_TALK = ("สวัสดีค่ะ", "ขอบคุณครับ", "เมนู", "hello", "ติดต่อเจ้าหน้าที่")
ENDINGS = ("ค่ะ", "ครับ", "คะ", "หน่อยค่ะ", "หน่อยครับ", "นะคะ", "อะ", "บ้าง")
PLACES = ("บ้านเลขที่", "หมู่", "ซอย", "ห้อง")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)

_numbers = count(time.time_ns() // 1_000_000)


def slugs() -> list[str]:
    """The agencies that the repository ships."""
    return sorted(path.name for path in AGENCIES.iterdir() if (path / "profile.toml").exists())


@cache
def entries(slug: str) -> dict[str, list[str]]:
    """An agency's own entries and how people ask for them."""
    rows = yaml.load((AGENCIES / slug / "answers.yaml").read_text("utf-8"), yaml.CSafeLoader)
    return {row["id"]: [str(text) for text in row["phrasings"]] for row in rows}


def questions(slug: str, number: int) -> list[str]:
    """So many questions to one agency, each for another entry, the same on every run."""
    rng = random.Random(f"{slug} 1")
    chosen = rng.sample(sorted(entries(slug)), number)
    return [rng.choice(entries(slug)[key]) for key in chosen]


def said_anew(text: str, rng: random.Random) -> str:
    """The same question in words that were not heard before."""
    return f"{text}{rng.choice(ENDINGS)} {rng.choice(PLACES)} {rng.randrange(1, 100_000)}"


def line_secret(slug: str) -> str:
    """The channel secret of an agency's LINE account in a benchmark."""
    return f"line-secret-of-{slug}"


def line_token(slug: str) -> str:
    """The access token of the same."""
    return f"line-token-of-{slug}"


def telegram_token(slug: str) -> str:
    """The token of an agency's Telegram bot in a benchmark."""
    return f"{1_000_000 + slugs().index(slug)}:telegram-token-of-{slug}-AAAAAAAAAAAA"


TELEGRAM_SECRET = "telegram-secret"


@dataclass(eq=False, slots=True)
class Event:
    """One event of a citizen, ready to be posted, and what became of it."""

    platform: str
    agency: str
    chat: str
    key: str
    """LINE's reply token; empty on Telegram."""
    raw: bytes
    due: float = 0.0
    acknowledged: float = 0.0
    answers: tuple[str, ...] = ()
    """Every text that came back, joined for each call."""
    answered: float = 0.0


def line_event(slug: str, chat: str, text: str = "", choice: str = "") -> Event:
    """A message or a tapped button, signed."""
    number = next(_numbers)
    token = reply_token(number)
    event: dict[str, Any] = {
        "type": "postback" if choice else "message",
        "mode": "active",
        "timestamp": number,
        "source": {"type": "user", "userId": chat},
        "webhookEventId": f"{number:026d}",
        "deliveryContext": {"isRedelivery": False},
        "replyToken": token,
    }
    if choice:
        event["postback"] = {"data": choice}
    else:
        quote = "q3Plxr4AgKd_".ljust(68, "q")
        event["message"] = {"type": "text", "id": str(number), "quoteToken": quote, "text": text}
    body = orjson.dumps({"destination": "U" + "b" * 32, "events": [event]})
    signature = base64.b64encode(hmac.digest(line_secret(slug).encode(), body, sha256)).decode()
    raw = _post(f"/webhooks/line/{slug}", body, f"X-Line-Signature: {signature}")
    return Event("line", slug, chat, token, raw)


def telegram_event(slug: str, chat: str, text: str = "", choice: str = "") -> Event:
    """A message or a tapped button, with the webhook's secret."""
    number = next(_numbers)
    person = {"id": int(chat), "is_bot": False, "first_name": "ก", "language_code": "th"}
    about = {"id": int(chat), "first_name": "ก", "type": "private"}
    message = {"message_id": number % 2**31, "from": person, "chat": about, "date": 1_795_000_000}
    update: dict[str, Any] = {"update_id": number}
    if choice:
        query = {"id": str(number), "from": person, "chat_instance": "1", "data": choice}
        update["callback_query"] = {**query, "message": {**message, "text": "-"}}
    else:
        update["message"] = {**message, "text": text}
    secret = f"X-Telegram-Bot-Api-Secret-Token: {TELEGRAM_SECRET}"
    raw = _post(f"/webhooks/telegram/{slug}", orjson.dumps(update), secret)
    return Event("telegram", slug, chat, "", raw)


def _post(path: str, body: bytes, header: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}{header}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def line_user(number: int) -> str:
    """A user id as LINE makes them."""
    return f"U{number:032x}"


class _Wire(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._got = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: Any = None
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]):
            return
        self._got = b""
        if self._answer and not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())

    async def ask(self, raw: bytes) -> tuple[int, bytes]:
        """The status and the body of the answer; raises OSError when there is none."""
        if not self.is_open or self._transport is None:
            raise ConnectionResetError
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(raw)
        return await self._answer

    def close(self) -> None:
        """Give it up."""
        if self._transport:
            self._transport.abort()


class Client:
    """Connections to one port, as many as are in use at once."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._idle: list[_Wire] = []

    async def connect(self) -> _Wire:
        """A connection of one's own; raises OSError."""
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(_Wire, "127.0.0.1", self.port)
        return wire

    async def ask(self, raw: bytes, seconds: float = 10.0) -> tuple[int, bytes]:
        """One request; status 0 when there was no answer."""
        while self._idle and not self._idle[-1].is_open:
            self._idle.pop()
        wire = None
        try:
            wire = self._idle.pop() if self._idle else await self.connect()
            answer = await asyncio.wait_for(wire.ask(raw), seconds)
        except (OSError, TimeoutError):
            if wire:
                wire.close()
            return 0, b""
        self._idle.append(wire)
        return answer

    async def get(self, path: str) -> Any:
        """What a JSON address says, None when it does not."""
        status, body = await self.ask(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        return orjson.loads(body) if status == 200 else None

    async def post(self, path: str, value: Any) -> None:
        """Send JSON."""
        await self.ask(_post(path, orjson.dumps(value), "X-A: b"))

    def close(self) -> None:
        """Close what is idle."""
        for wire in self._idle:
            wire.close()
        self._idle.clear()

"""Stand-ins of LINE and Telegram on loopback, quick enough to be loaded; they note what comes.

They obey what the road relies on: a LINE reply token serves once and for a minute, a LINE retry key
once (409), a 429 names seconds. They fail in the ways they are told. They end with their parent.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from typing import Any
from urllib.parse import parse_qs

import orjson
import uvloop
from aiohttp import web

TOKEN_LIFE = 60.0
HANG = 12.0
"""Longer than a channel waits for an answer."""
UNDER_WAY = 0.1
"""Seconds after a 429 in which calls that were under way may still arrive."""
BEFORE = frozenset({"error", "reset", "timeout", "rate"})
AFTER = frozenset({"reset_after", "timeout_after", "broken"})
"""Carried out, though the caller cannot know."""
KINDS = (*sorted(BEFORE), *sorted(AFTER))


def reply_token(number: int) -> str:
    """A token that tells its age, as LINE's own do not."""
    return f"{number:016x}{int(time.monotonic() * 1000):016x}"


class Refusal(Exception):
    """The platform does not do what was asked."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


class Standins:
    """Both platforms, and a few addresses under /_/ for the benchmark."""

    def __init__(self) -> None:
        self.deliveries: list[list[Any]] = []
        """Time, account, chat (or all of a multicast), reply token or retry key, texts."""
        self.faults: Counter[str] = Counter()
        self.calls = 0
        self.too_early = 0
        self.hanging = 0
        self.last_call = 0.0
        self._used: set[str] = set()
        self._held: dict[str, tuple[float, float]] = {}
        self._kinds: list[str] = []
        self._probability = 0.0
        self._pause = 1
        self._random = random.Random(1)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request of every kind."""
        body = await request.read()
        if request.path.startswith("/_/"):
            return self._control(request, body)
        self.calls += 1
        self.last_call = time.monotonic()
        account = _account(request)
        self._watch(account)
        fault = self._fault()
        if fault in BEFORE:
            return await self._fail(request, account, fault)
        try:
            answer = self._do(request, account, body)
        except Refusal as refusal:
            return _refused(request, refusal)
        if fault in AFTER:
            return await self._fail(request, account, fault, answer)
        return _json(answer)

    def _control(self, request: web.BaseRequest, body: bytes) -> web.Response:
        match request.path:
            case "/_/faults":
                wanted = json.loads(body)
                self._kinds, self._probability = wanted["kinds"], wanted["probability"]
                self._pause = wanted.get("pause", 1)
                return _json({})
            case "/_/deliveries":
                return _json(self.deliveries[int(request.query["since"]) :])
            case _:
                return _json(
                    {
                        "deliveries": len(self.deliveries),
                        "calls": self.calls,
                        "faults": dict(self.faults),
                        "too_early": self.too_early,
                        "quiet": 0.0 if self.hanging else time.monotonic() - self.last_call,
                    }
                )

    def _watch(self, account: str) -> None:
        """Count calls made though the account was told to wait."""
        told, until = self._held.get(account, (0.0, 0.0))
        if told + UNDER_WAY < time.monotonic() < until:
            self.too_early += 1

    def _fault(self) -> str:
        if not self._kinds or self._random.random() >= self._probability:
            return ""
        kind = self._random.choice(self._kinds)
        self.faults[kind] += 1
        return kind

    async def _fail(
        self, request: web.BaseRequest, account: str, kind: str, answer: Any = None
    ) -> web.StreamResponse:
        if kind == "error":
            return _json({"ok": False, "message": "Internal error"}, status=500)
        if kind == "rate":
            return self._too_many(request, account)
        if kind.startswith("timeout"):
            self.hanging += 1
            await asyncio.sleep(HANG)
            self.hanging -= 1
        transport = request.transport
        if transport and kind == "broken":
            whole = orjson.dumps(answer)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\n\r\n"
            transport.write(head.encode() + whole[: len(whole) // 2])
            transport.close()
        elif transport:
            transport.abort()
        return _json({})

    def _too_many(self, request: web.BaseRequest, account: str) -> web.Response:
        now = time.monotonic()
        told, until = self._held.get(account, (now, 0.0))
        self._held[account] = (told if now < until else now, max(until, now + self._pause))
        return _refused(
            request, Refusal(429, "Too Many Requests", **{"Retry-After": str(self._pause)})
        )

    def _do(self, request: web.BaseRequest, account: str, body: bytes) -> Any:
        if request.path.startswith("/bot"):
            return self._telegram(request.path.rpartition("/")[2], account, body)
        if request.path.endswith(("/message/reply", "/message/push", "/message/multicast")):
            return self._line(request, account, orjson.loads(body))
        if request.path.endswith("/message/quota"):
            return {"type": "none"}
        if request.path.endswith("/message/quota/consumption"):
            return {"totalUsage": 0}
        return {"userId": "Ub", "basicId": "@b", "displayName": "B", "chatMode": "bot"}

    def _line(self, request: web.BaseRequest, account: str, asked: Any) -> Any:
        if token := asked.get("replyToken"):
            age = time.monotonic() - int(token[16:], 16) / 1000
            if token in self._used or age > TOKEN_LIFE:
                raise Refusal(400, "Invalid reply token")
            key, chat = token, ""
        else:
            key, chat = request.headers["X-Line-Retry-Key"], asked["to"]
            if key in self._used:
                known = {"x-line-accepted-request-id": "1"}
                raise Refusal(409, "The retry key is already accepted", **known)
        self._used.add(key)
        self._note(account, chat, key, [message.get("text") or message.get("altText") or ""
                                        for message in asked["messages"]])  # fmt: skip
        return {"sentMessages": [{"id": str(at)} for at, _ in enumerate(asked["messages"])]}

    def _telegram(self, method: str, account: str, body: bytes) -> Any:
        if method == "getMe":
            bot = {"id": int(account.partition(":")[0]), "is_bot": True}
            return _ok({**bot, "first_name": "B", "username": "bot_of_the_benchmark"})
        if method != "sendMessage":
            return _ok(True)
        asked = parse_qs(body.decode())
        chat = asked["chat_id"][0]
        self._note(account, chat, "", asked["text"])
        about = {"id": int(chat), "type": "private", "first_name": "A"}
        return _ok({"message_id": len(self.deliveries), "date": 1, "chat": about, "text": "-"})

    def _note(self, account: str, chat: str | list[str], key: str, texts: list[str]) -> None:
        self.deliveries.append([time.monotonic(), account, chat, key, texts])


def _account(request: web.BaseRequest) -> str:
    """The account's token: of LINE from the header, of Telegram from the path."""
    if request.path.startswith("/bot"):
        return request.path[4:].partition("/")[0]
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _ok(result: Any) -> dict[str, Any]:
    return {"ok": True, "result": result}


def _refused(request: web.BaseRequest, refusal: Refusal) -> web.Response:
    if not request.path.startswith("/bot"):
        told = {"message": refusal.message}
        return _json(told, status=refusal.status, headers=refusal.headers)
    told = {"ok": False, "error_code": refusal.status, "description": refusal.message}
    if wait := refusal.headers.get("Retry-After"):
        told["parameters"] = {"retry_after": int(wait)}
    return _json(told, status=refusal.status)


def _json(value: Any, **options: Any) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json", **options)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(web.Server(Standins().handle), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())

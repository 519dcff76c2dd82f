"""Small stand-ins for LINE and Telegram on loopback: they note every request and fail when told."""

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels.line import LineChannel
from bot.channels.telegram import TelegramChannel

LINE_SECRET = "line-channel-secret"
LINE_TOKEN = "line-access-token"
TELEGRAM_TOKEN = "123456789:telegram-token-of-the-tests-AAAAAAAAA"
TELEGRAM_SECRET = "telegram-webhook-secret"
BOT_NAME = "thamdai_test_bot"


@dataclass(frozen=True)
class Asked:
    """One request, as a platform saw it."""

    path: str
    headers: dict[str, str]
    params: dict[str, Any]
    verb: str = "POST"

    @property
    def method(self) -> str:
        """The last word of the path: `push`, `reply`, `sendMessage`."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Fault:
    """An answer that is not the usual one, or a silence."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    reset: bool = False


class Platform:
    """A server that answers as its platform does, but for the faults it was given."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.closing = asyncio.Event()
        self._faults: dict[str, list[Fault]] = {}
        self._answers: dict[str, list[Any]] = {}
        self._server: TestServer | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server
        return str(self._server.make_url("")).rstrip("/")

    def fail(self, method: str, *faults: Fault) -> None:
        """Answer the next requests of a method (`*`: of all) in these ways, one after another."""
        self._faults.setdefault(method, []).extend(faults)

    def answer(self, method: str, *results: Any) -> None:
        """Answer the next requests of a method with these results."""
        self._answers.setdefault(method, []).extend(results)

    def of(self, *methods: str) -> list[Asked]:
        """The requests of some methods, in the order they came."""
        return [one for one in self.asked if one.method in methods]

    def _usual(self, asked: Asked) -> web.Response:
        raise NotImplementedError

    def _next_answer(self, method: str) -> Any:
        answers = self._answers.get(method)
        return answers.pop(0) if answers else None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        params = _read(request.content_type, await request.read())
        asked = Asked(
            request.path, dict(request.headers), {**request.query, **params}, request.method
        )
        self.asked.append(asked)
        for method in (asked.method, "*"):
            if self._faults.get(method):
                return await self._failed(request, self._faults[method].pop(0))
        return self._usual(asked)

    async def _failed(self, request: web.Request, fault: Fault) -> web.Response:
        if fault.hang:
            await self.closing.wait()
        if fault.reset or fault.hang:
            assert request.transport
            request.transport.abort()
        text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
        kind = "text/plain" if isinstance(fault.body, str) else "application/json"
        return web.Response(
            status=fault.status, text=text, headers=fault.headers, content_type=kind
        )

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._server = TestServer(app)
        await self._server.start_server(access_log=None)

    async def stop(self) -> None:
        """Stop listening; requests left hanging are cut off."""
        self.closing.set()
        if self._server:
            await self._server.close()


def _read(kind: str, body: bytes) -> dict[str, Any]:
    """What a body says: JSON, a form, or a picture as it is."""
    if kind.startswith("image/"):
        return {"kind": kind, "image": body}
    if kind == "application/json" and body:
        return dict(json.loads(body))
    return dict(parse_qsl(body.decode()))


LINE_TELLS: dict[str, Any] = {
    "/v2/bot/info": {
        "userId": "Ub",
        "basicId": "@bot",
        "displayName": "Bot",
        "chatMode": "bot",
        "markAsReadMode": "auto",
    },
    "/v2/bot/channel/webhook/endpoint": {"endpoint": "https://a.go.th/hook", "active": True},
    "/v2/bot/message/quota": {"type": "none"},
    "/v2/bot/message/quota/consumption": {"totalUsage": 0},
}
"""What LINE says when it is asked, unless a test has it say something else."""


class RichMenus:
    """The rich menus of an account, with the rules of LINE that a bot can break."""

    def __init__(self) -> None:
        self.menus: dict[str, dict[str, Any]] = {}
        self.images: dict[str, bytes] = {}
        self.aliases: dict[str, str] = {}
        self.default: str | None = None
        self._count = 0

    def answer(self, verb: str, path: str, params: dict[str, Any]) -> web.Response | None:
        """What LINE answers below /v2/bot; None for what is not of rich menus."""
        if not path.startswith(("richmenu", "user/all/richmenu")):
            return None
        parts = path.removeprefix("user/all/").split("/")
        told = self._told(path) if verb == "GET" else self._change(verb, parts, params)
        if told is None:
            return web.json_response({"message": "Not found"}, status=404)
        return web.json_response(told)

    def _told(self, path: str) -> dict[str, Any] | None:
        match path:
            case "richmenu/list":
                menus = [{"richMenuId": name, **menu} for name, menu in self.menus.items()]
                return {"richmenus": menus}
            case "richmenu/alias/list":
                told = [{"richMenuAliasId": a, "richMenuId": m} for a, m in self.aliases.items()]
                return {"aliases": told}
            case _:
                return {"richMenuId": self.default} if self.default else None

    def _change(self, verb: str, parts: list[str], params: dict[str, Any]) -> dict[str, Any] | None:
        match [verb, *parts]:
            case ["POST", "richmenu"]:
                self._count += 1
                self.menus[f"richmenu-{self._count}"] = params
                return {"richMenuId": f"richmenu-{self._count}"}
            case ["POST", "richmenu", "alias"] if self._is_new(params):
                self.aliases[params["richMenuAliasId"]] = params["richMenuId"]
            case ["POST", "richmenu", "alias", alias] if alias in self.aliases:
                self.aliases[alias] = params["richMenuId"]
            case ["POST", "richmenu", menu, "content"] if menu not in self.images:
                self.images[menu] = params["image"]
            case ["POST", "richmenu", menu] if menu in self.images:
                self.default = menu
            case ["DELETE", "richmenu", "alias", alias] if alias in self.aliases:
                del self.aliases[alias]
            case ["DELETE", "richmenu", menu] if menu in self.menus:
                del self.menus[menu]
                self.images.pop(menu, None)
            case _:
                return None
        return {}

    def _is_new(self, params: dict[str, Any]) -> bool:
        return params["richMenuAliasId"] not in self.aliases and params["richMenuId"] in self.images


class FakeLine(Platform):
    """Both hosts of LINE in one; told apart by which of them the paths belong to."""

    def __init__(self) -> None:
        super().__init__()
        self.rich = RichMenus()

    def _usual(self, asked: Asked) -> web.Response:
        if asked.headers.get("Authorization") != f"Bearer {LINE_TOKEN}":
            return web.json_response({"message": "Authentication failed"}, status=401)
        if asked.path in LINE_TELLS:
            return web.json_response(self._next_answer(asked.method) or LINE_TELLS[asked.path])
        path = asked.path.removeprefix("/v2/bot/")
        if (answer := self.rich.answer(asked.verb, path, asked.params)) is not None:
            return answer
        match asked.path:
            case "/v2/bot/chat/loading/start":
                return web.json_response({}, status=202)
            case path if path.endswith("/content"):
                return web.Response(body=b"\xff\xd8picture", content_type="image/jpeg")
        sent = [{"id": str(at)} for at, _ in enumerate(asked.params.get("messages", ()))]
        return web.json_response({"sentMessages": sent})


class FakeTelegram(Platform):
    """The Bot API; parameters that are JSON inside a form are read."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.button = {"type": "default"}

    def _usual(self, asked: Asked) -> web.Response:
        if not asked.path.startswith(f"/bot{TELEGRAM_TOKEN}/"):
            return telegram_error(401, "Unauthorized")
        match asked.method:
            case "getMe":
                bot = {"id": int(TELEGRAM_TOKEN.split(":", maxsplit=1)[0]), "is_bot": True}
                result: Any = {**bot, "first_name": "ถามได้", "username": BOT_NAME}
            case "sendMessage":
                chat = {"id": int(asked.params["chat_id"]), "type": "private", "first_name": "ก"}
                result = {"message_id": len(self.asked), "date": 1, "chat": chat, "text": "-"}
            case "setMyCommands" | "getMyCommands" | "setChatMenuButton" | "getChatMenuButton":
                result = self._menu(asked.method, asked.params)
            case "getUpdates":
                result = self._next_answer("getUpdates") or []
            case _:
                result = True
        return web.json_response({"ok": True, "result": result})

    def _menu(self, method: str, params: dict[str, Any]) -> Any:
        language = params.get("language_code", "")
        match method:
            case "setMyCommands":
                self.commands[language] = json.loads(params["commands"])
            case "setChatMenuButton":
                self.button = json.loads(params["menu_button"])
            case "getChatMenuButton":
                return self.button
            case _:
                return self.commands.get(language, [])
        return True

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        response = await super()._handle(request)
        if request.path.endswith("/getUpdates") and not self._answers.get("getUpdates"):
            await asyncio.sleep(0.01)
        return response


def telegram_error(status: int, description: str, **parameters: Any) -> web.Response:
    """An answer as the Bot API gives it when it does not do what was asked."""
    return web.json_response(telegram_body(status, description, **parameters), status=status)


def telegram_body(status: int, description: str, **parameters: Any) -> dict[str, Any]:
    """https://core.telegram.org/bots/api#making-requests"""
    body = {"ok": False, "error_code": status, "description": description}
    return {**body, "parameters": parameters} if parameters else body


@asynccontextmanager
async def listening(*platforms: Platform) -> AsyncIterator[Iterable[Platform]]:
    """Start platforms, and stop them afterwards."""
    for platform in platforms:
        await platform.start()
    try:
        yield platforms
    finally:
        for platform in platforms:
            await platform.stop()


def line_channel(url: str, **options: Any) -> LineChannel:
    """A LINE channel that speaks to a stand-in."""
    skipped = options.pop("skipped", lambda _: None)
    return LineChannel(
        "aa", LINE_SECRET, LINE_TOKEN, api_url=url, data_url=url, skipped=skipped, **options
    )


def telegram_channel(url: str, **options: Any) -> TelegramChannel:
    """A Telegram channel that speaks to a stand-in."""
    wanted: dict[str, Any] = {
        "secret": TELEGRAM_SECRET,
        "commands": {"th": [("menu", "เมนู")], "en": [("menu", "Menu")]},
        "skipped": lambda _: None,
    }
    return TelegramChannel("aa", TELEGRAM_TOKEN, api_url=url, **{**wanted, **options})


def line_signature(body: bytes) -> str:
    """https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/"""
    return base64.b64encode(hmac.digest(LINE_SECRET.encode(), body, sha256)).decode()

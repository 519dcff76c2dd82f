"""Files of ours reach Telegram with the names that they have."""

from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import Bot

from bot.channels.telegram_documents import Documents
from bot.channels.telegram_http import AiohttpRequest

DIGEST = "0" * 64
SENT = {
    "message_id": 7,
    "date": 0,
    "chat": {"id": 5, "type": "private"},
    "document": {"file_id": "known", "file_unique_id": "u"},
}


async def test_a_thai_name_arrives_as_it_is_and_the_same_file_is_uploaded_once() -> None:
    bodies: list[str] = []

    async def take(request: web.Request) -> web.Response:
        bodies.append((await request.read()).decode())
        return web.json_response({"ok": True, "result": SENT})

    async def content(digest: str) -> bytes | None:
        return b"%PDF-1.4" if digest == DIGEST else None

    app = web.Application()
    app.router.add_post("/{rest:.*}", take)
    server = TestServer(app)
    await server.start_server()
    request = AiohttpRequest(connections=1, timeout=5)
    await request.initialize()
    bot = Bot("1:x", base_url=str(server.make_url("/bot")), request=request)
    documents = Documents(content)
    for _ in range(2):
        await documents.send(bot, 5, {"digest": DIGEST, "name": 'แบบ "ก".pdf'})
    await request.shutdown()
    await server.close()

    assert 'filename="แบบ \\"ก\\".pdf"' in bodies[0]
    assert "%PDF-1.4" in bodies[0]
    assert "known" in bodies[1]
    assert "%PDF-1.4" not in bodies[1]

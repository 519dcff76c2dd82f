"""Kept files on their way out: nothing in them can act, whoever sent them."""

import asyncio
from typing import Final
from urllib.parse import quote

from aiohttp import web

from admin.attachments import Attachment, Status
from bot.files import FileStore

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}


async def file_response(
    attachment: Attachment, store: FileStore, *, download: bool
) -> web.StreamResponse:
    """A file as an answer; shown in the page only if it is a picture that we wrote ourselves.

    Raises HTTPNotFound for what is not kept, or not any more.
    """
    if attachment.status != Status.KEPT or not attachment.sha256:
        raise web.HTTPNotFound
    path = store.path(attachment.sha256)
    if not await asyncio.to_thread(path.is_file):
        raise web.HTTPNotFound
    is_shown = attachment.is_picture and not download
    return web.FileResponse(
        path,
        headers={
            **HEADERS,
            "Content-Type": attachment.media_type or "application/octet-stream",
            "Content-Disposition": disposition(attachment.download_name, is_shown=is_shown),
        },
    )


def disposition(name: str, *, is_shown: bool) -> str:
    """How a browser takes a file, and what it calls it: RFC 6266, in Thai too."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    how = "inline" if is_shown else "attachment"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

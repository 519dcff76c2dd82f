"""Files outside the database, each named by the digest of its content."""

import asyncio
import os
import re
import tempfile
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileStore:
    """A folder of contents. The same content is kept once, whoever sent it.

    Replicas that share the folder (over a network file system) share the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: str) -> Path:
        """Where a content lies or would lie; raises ValueError for what is no SHA-256 in hex."""
        if not _DIGEST.fullmatch(digest):
            raise ValueError("no digest")
        return self._folder / digest[:2] / digest[2:4] / digest

    async def put(self, content: bytes) -> str:
        """Keep a content; returns its SHA-256 in hex once it survives a loss of power."""
        return await asyncio.to_thread(self._put, content)

    async def get(self, digest: str) -> bytes | None:
        """A content, None if it is not here."""
        return await asyncio.to_thread(_read, self.path(digest))

    async def has(self, digest: str) -> bool:
        """Whether a content is here."""
        return await asyncio.to_thread(self.path(digest).is_file)

    async def remove(self, digest: str) -> None:
        """Take a content away; nothing happens if it is not here."""
        await asyncio.to_thread(self.path(digest).unlink, missing_ok=True)

    async def older(self, than: datetime) -> list[str]:
        """The digests of everything that was put before then."""
        return await asyncio.to_thread(self._older, than.timestamp())

    def scratch(self) -> IO[bytes]:
        """A file without a name for what is still arriving; a crash leaves nothing of it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=self._folder)

    def _put(self, content: bytes) -> str:
        digest = sha256(content).hexdigest()
        path = self.path(digest)
        with suppress(FileNotFoundError):
            os.utime(path)  # it is as new as if it had been written now
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        for folder in (path.parent, path.parent.parent, self._folder):
            _sync(folder)
        return digest

    def _older(self, than: float) -> list[str]:
        found: list[str] = []
        for path in self._folder.glob("??/??/*"):
            with suppress(FileNotFoundError):  # another process took it away meanwhile
                if path.stat().st_mtime >= than:
                    continue
                if _DIGEST.fullmatch(path.name):
                    found.append(path.name)
                elif path.suffix == ".new":  # begun by a process that is gone
                    path.unlink()
        return found


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

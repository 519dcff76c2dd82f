"""The installation's own key, made at first start and never leaving its folder."""

import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from bot.settings import BadSettings

LENGTH = 32


def secret_key(folder: Path) -> bytes:
    """The key in `secret.key`, made when it is missing; readable by its owner alone.

    Raises BadSettings when the file is not a whole key: sessions would be easy to forge.
    """
    file = folder / "secret.key"
    if not file.exists():
        _make(file)
    key = file.read_bytes()
    if len(key) != LENGTH:
        raise BadSettings(f"{file}: not {LENGTH} bytes; put it back from a backup, or delete it")
    return key


def _make(file: Path) -> None:
    """Write a new key; it appears under its name as a whole, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=".secret-")  # 0600
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(LENGTH))
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):  # another process was quicker
            os.link(draft, file)
    finally:
        Path(draft).unlink()


def telegram_secret(key: bytes, slug: str) -> str:
    """The webhook secret of an agency whose operator gave none: always the same one."""
    return hmac.new(key, f"telegram webhook {slug}".encode(), "sha256").hexdigest()

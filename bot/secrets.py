"""The installation's own key, made at first start and never leaving its folder."""

import hmac
import os
import secrets
from pathlib import Path

LENGTH = 32


def secret_key(folder: Path) -> bytes:
    """The key in `secret.key`, made when it is missing; readable by its owner alone."""
    file = folder / "secret.key"
    try:
        return file.read_bytes()
    except FileNotFoundError:
        pass
    folder.mkdir(parents=True, exist_ok=True)
    key = secrets.token_bytes(LENGTH)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was quicker
        return file.read_bytes()
    with os.fdopen(descriptor, "wb") as out:
        out.write(key)
        out.flush()
        os.fsync(out.fileno())
    return key


def telegram_secret(key: bytes, slug: str) -> str:
    """The webhook secret of an agency whose operator gave none: always the same one."""
    return hmac.new(key, f"telegram webhook {slug}".encode(), "sha256").hexdigest()

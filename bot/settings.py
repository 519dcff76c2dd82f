"""The only reader of the environment."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent


class BadSettings(Exception):
    """A setting in the environment cannot be used."""


def database_address(text: str) -> str:
    """The address of a database that lasts; raises ValueError, which does not tell the password."""
    try:
        url = make_url(text)
        is_whole = url.get_backend_name() != "sqlite" or url.database not in {None, "", ":memory:"}
    except (ArgumentError, ValueError):
        is_whole = False
    if not is_whole or not text.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
        raise ValueError("sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME")
    return text


class Settings(BaseSettings):
    """Everything an operator can set, each as THAMDAI_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="THAMDAI_", env_ignore_empty=True, frozen=True)

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    data_dir: Path = Field(
        default=Path("var"), description="Folder of the database, keys and caches."
    )
    database_url: str = Field(
        default="",
        description="sqlite+aiosqlite:///FILE or postgresql+asyncpg://...; empty: in data_dir.",
    )
    agencies_dir: Path = Field(
        default=ROOT / "knowledge" / "agencies", description="Folder with one folder per agency."
    )
    public_url: str = Field(
        default="",
        description="Address under which the platforms and citizens reach this server (https).",
    )
    proxies: int = Field(
        default=1,
        ge=0,
        le=9,
        description="Reverse proxies in a row, each adding to X-Forwarded-For; 0: not believed.",
    )
    telegram_mode: Literal["webhook", "polling"] = Field(
        default="webhook",
        description="How Telegram's updates come in; polling needs no public address.",
    )
    line_api_url: str = Field(default="", description="LINE's API host; empty: the real one.")
    line_data_url: str = Field(default="", description="LINE's content host; empty: the real one.")
    telegram_api_url: str = Field(
        default="", description="Telegram's API host; empty: the real one."
    )
    telegram_bulk_per_second: float = Field(
        default=20.0,
        gt=0,
        le=1000,
        description="Messages to many that a Telegram bot sends in a second (it takes about 30).",
    )
    keep_days: int = Field(
        default=90,
        ge=1,
        le=36_500,
        description="Days after which handled messages and sent replies are deleted.",
    )
    max_file_mb: int = Field(
        default=20,
        ge=1,
        le=100,
        description="Megabytes of one file that a citizen sends; Telegram gives 20 at most.",
    )
    files_dir: Path | None = Field(
        default=None,
        description="Folder of what is sent; empty: files in data_dir. Replicas share it.",
    )
    semantic: bool = Field(
        default=True, description="Match by meaning too (200 MB of memory); words alone when off."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="How much is written to the log."
    )

    @field_validator("database_url")
    @classmethod
    def _is_known_database(cls, value: str) -> str:
        return database_address(value) if value else value

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        url = urlsplit(value)
        if value and (url.scheme not in {"http", "https"} or not url.hostname or " " in value):
            raise ValueError("a whole address, as https://chat.example.go.th")
        return value

    @property
    def database(self) -> str:
        """The database's address, the default one resolved."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'thamdai.db'}"

    @property
    def files(self) -> Path:
        """The folder of the files that are sent."""
        return self.files_dir or self.data_dir / "files"

    @property
    def max_file(self) -> int:
        """Bytes of one file, at most."""
        return self.max_file_mb * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ChannelSecrets:
    """The secrets of one agency's accounts; None where the operator gave none."""

    line_channel_secret: str | None = None
    line_access_token: str | None = None
    telegram_token: str | None = None
    telegram_secret: str | None = None


def load() -> Settings:
    """The settings of this process; raises BadSettings naming the variable."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"THAMDAI_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
        ]
        raise BadSettings("; ".join(lines)) from None


def unknown(slugs: Iterable[str], environment: Mapping[str, str] | None = None) -> list[str]:
    """Variables named like ours that nothing reads: misspelt, or of an agency that is not there."""
    variables = os.environ if environment is None else environment
    own = {f"THAMDAI_{name.upper()}" for name in Settings.model_fields}
    secrets = {
        f"{_prefix(slug)}{name.upper()}{ending}"
        for slug in slugs
        for name in ChannelSecrets.__dataclass_fields__
        for ending in ("", "_FILE")
    }
    ours = (name for name in variables if name.upper().startswith("THAMDAI_"))
    return sorted(name for name in ours if name.upper() not in own and name not in secrets)


def channel_secrets(slug: str, environment: Mapping[str, str] | None = None) -> ChannelSecrets:
    """One agency's secrets, from THAMDAI_<SLUG>_<NAME> or the file named in ..._FILE.

    Raises BadSettings when a named file cannot be read or a Telegram secret has a letter that
    Telegram refuses (1-256 of A-Z a-z 0-9 _ -, core.telegram.org/bots/api#setwebhook).
    """
    variables = os.environ if environment is None else environment
    prefix = _prefix(slug)
    names = ChannelSecrets.__dataclass_fields__
    found = ChannelSecrets(**{name: _secret(prefix + name.upper(), variables) for name in names})
    if found.telegram_secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", found.telegram_secret):
        raise BadSettings(f"{prefix}TELEGRAM_SECRET: only A-Z a-z 0-9 _ - are allowed")
    return found


def _prefix(slug: str) -> str:
    return f"THAMDAI_{slug.upper().replace('-', '_')}_"


def _secret(variable: str, variables: Mapping[str, str]) -> str | None:
    if file := variables.get(variable + "_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8-sig").strip() or None
        except OSError as error:
            raise BadSettings(f"{variable}_FILE: {error.strerror}") from None
        except UnicodeDecodeError:
            raise BadSettings(f"{variable}_FILE: not a text file") from None
    return variables.get(variable, "").strip() or None

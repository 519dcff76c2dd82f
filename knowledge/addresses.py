"""Addresses of the web that agencies write down."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

NO_HOST: Final = "no_host"
"""The kind of fault of an address that leads nowhere."""


def host_of(url: str) -> str | None:
    """The host that an address names, if it can be read."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _with_host(url: str) -> str:
    if host_of(url) is None:
        raise PydanticCustomError(NO_HOST, "the address names no site that can be read")
    return url


Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$"), AfterValidator(_with_host)]

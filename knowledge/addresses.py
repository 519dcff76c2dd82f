"""Addresses of the web that agencies write down."""

from collections.abc import Callable
from copy import deepcopy
from functools import reduce
from operator import getitem
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

T = TypeVar("T")

NO_HOST: Final = "no_host"
"""The kind of fault of an address that leads nowhere."""
LINK: Final = "url"
"""What a field is called that has an address."""


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


def without_bad_links(read: Callable[[Any], T], content: Any) -> T:
    """What is read of the content without links that cannot be read, as older releases took them.

    What is nothing without its link goes with it. Raises ValidationError for every other fault.
    """
    try:
        return read(content)
    except ValidationError:
        content = deepcopy(content)
    while True:
        try:
            return read(content)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False)
            if any(fault["loc"][-1:] != (LINK,) for fault in faults):
                raise
        for fault in reversed(faults):  # so that places in lists stay what they are
            *around, last = fault["loc"][:-1] if fault["type"] == "missing" else fault["loc"]
            reduce(getitem, around, content).pop(last)

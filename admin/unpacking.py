"""Pictures worked out beside the event loop, one at a time whoever sent them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import IO, Final, TypeVar

from admin.pictures import Fit, fit

T = TypeVar("T")
_WORKER: Final = ThreadPoolExecutor(1, "unpacking")
"""One for all: a large picture takes 150 MB of memory."""


async def unpacked(work: Callable[[], T]) -> T:
    """What becomes of a picture; raises what the work does."""
    return await asyncio.get_running_loop().run_in_executor(_WORKER, work)


async def fitted(file: IO[bytes], name: str) -> Fit:
    """A file that came, as it may be kept; raises Unfit."""
    return await unpacked(partial(_fit, file, name))


def _fit(file: IO[bytes], name: str) -> Fit:
    file.seek(0)
    return fit(file.read(), name)

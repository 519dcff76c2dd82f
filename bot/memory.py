"""The process's memory: what is loaded once stays apart, and what is given back is given back."""

import contextlib
import ctypes
import gc
from typing import Final

M_ARENA_MAX: Final = -8
"""Of mallopt(3)."""


def begin() -> None:
    """Before anything is loaded: one heap for all threads, and no looking for garbage yet.

    Of a heap for each thread, glibc keeps what its thread has given back: 45 MB under load. While
    the program starts, looking for garbage takes most of a second and finds none.
    """
    gc.disable()
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def settle() -> None:
    """When all is loaded: it stays, and the collector need not look at it again."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # webhooks leave little behind that only it could find
    gc.enable()
    give_back()


def give_back() -> None:
    """To the system what was needed for a while only."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)

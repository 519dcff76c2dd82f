"""Errands: work begun by the program itself, in steps that DBOS remembers past a crash."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Errand:
    """Work on one subject: counted first, then done step by step, then ended.

    Each part may be begun again after a crash in its midst, and has to bear it.
    """

    name: str
    begin: Callable[[str], Awaitable[int]]
    """Is given the subject; returns how many steps there are."""
    step: Callable[[str, int], Awaitable[bool]]
    """Is given the number of the step, from 0; False ends the errand early."""
    end: Callable[[str], Awaitable[None]]
    fail: Callable[[str], Awaitable[None]]
    """After the last attempt of a part has failed."""


def workflow_of(errand: Errand, do: Callable[[str, Callable[[], Awaitable[Any]]], Any]) -> Any:
    """DBOS' workflow for an errand: one step of DBOS for each of its own.

    `do` has a part done in the program's loop, again where it fails, and raises JobFailed.
    """
    from dbos import DBOS  # noqa: PLC0415 - a second that the start need not wait for

    def named(part: str, work: Callable[..., Awaitable[Any]]) -> Any:
        def run(*given: Any) -> Any:
            return do(errand.name, lambda: work(*given))

        run.__qualname__ = run.__name__ = f"{errand.name}.{part}"
        return DBOS.step(name=run.__name__)(run)

    begin, step = named("begin", errand.begin), named("step", errand.step)
    end, fail = named("end", errand.end), named("fail", errand.fail)

    def work(subject: str) -> None:
        try:
            for number in range(begin(subject)):
                if not step(subject, number):
                    return
            end(subject)
        except Exception:
            fail(subject)
            raise

    work.__qualname__ = work.__name__ = errand.name
    return work

"""Logs: one JSON line for an event, static names and ids only."""

import logging
import sys
import warnings

import structlog
from aiohttp import BadContentDispositionHeader, BadContentDispositionParam

from bot.bodies import MISPACKED

log = structlog.get_logger()


def set_up(level: str) -> None:
    """Write structured lines to standard error; libraries speak only when something is wrong."""
    number = getattr(logging, level)
    libraries = logging.StreamHandler(sys.stderr)
    libraries.addFilter(Failures())
    logging.basicConfig(
        level=logging.WARNING, handlers=[libraries], format="%(levelname)s %(name)s %(message)s"
    )
    for name in ("httpx", "httpcore", "telegram"):  # httpx logs addresses, and tokens are in them
        logging.getLogger(name).setLevel(logging.WARNING)
    for quoting in (BadContentDispositionHeader, BadContentDispositionParam):
        warnings.simplefilter("ignore", quoting)  # they quote the names of citizens' files
    logging.getLogger("aiohttp.server").addFilter(FailedRequests())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is at that moment
        cache_logger_on_first_use=False,
    )


class Failures(logging.Filter):
    """Says of an exception that a library logs what failed and where, and not its message.

    A fault of the database's driver quotes the value that it could not take, and asyncio's line on
    a task that nobody waits for quotes the fault.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell it in a line of ours instead, if there is an exception."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return True
        fault = type(error).__name__
        log.error("library_failed", library=record.name, fault=fault, where=where(error))
        return False


class FailedRequests(logging.Filter):
    """Says of a request that failed what failed and where, and nothing that was in it.

    aiohttp's own line quotes requests that it cannot read, and exceptions, whose messages may hold
    a citizen's words.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell it in a line of ours instead."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, MISPACKED):
            log.error("request_failed", fault=type(error).__name__, where=where(error))
        return False


def where(error: BaseException) -> str:
    """File and line of a fault: an exception's own message may hold a citizen's words."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}"

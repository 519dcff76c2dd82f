"""Logs: one JSON line for an event, static names and ids only."""

import logging
import sys

import structlog


def set_up(level: str) -> None:
    """Write structured lines to standard error; libraries speak only when something is wrong."""
    number = getattr(logging, level)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    for name in ("httpx", "httpcore", "telegram"):  # httpx logs addresses, and tokens are in them
        logging.getLogger(name).setLevel(logging.WARNING)
    # aiohttp quotes the request lines that it cannot read, and a citizen's words may be in them.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def where(error: BaseException) -> str:
    """File and line of a fault: an exception's own message may hold a citizen's words."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}"

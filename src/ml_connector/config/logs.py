"""Logs: structlog to standard error, for people or as JSON lines."""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from ml_connector.config import tracebacks
from ml_connector.config.log_words import in_words
from ml_connector.shown import visible

# Libraries that log every step at INFO; their warnings are still shown.
_QUIET = (
    "procrastinate",
    "alembic",
    "aiohttp",
    "httpx2",
    "httpcore2",
    "psycopg",
    "asyncio",
    "uvicorn",
)


def configure(style: Literal["console", "json"], level: str, *, color: bool | None = None) -> None:
    """Write the logs of this process, ours and those of libraries, to standard error.

    Args:
        style: ``console`` for people, ``json`` for machines: one object a line.
        level: the lowest level that is shown.
        color: whether to color; None: when standard error is a terminal.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.ExtraAdder(allow=()),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if style == "json":
        shown: list[Processor] = [_exception_as_data, structlog.processors.JSONRenderer()]
    else:
        tinted = sys.stderr.isatty() if color is None else color
        shown = [
            _exception_as_text,
            in_words(debug=level == "debug"),
            _visible,
            structlog.dev.ConsoleRenderer(colors=tinted),
        ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    # Otherwise a record that can't be written is printed with all its values.
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _exception_as_data(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    error = _error_of(event)
    if error is not None:
        event["exception"] = tracebacks.as_data(error)
    return event


def _exception_as_text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    error = _error_of(event)
    if error is not None:
        event["exception"] = tracebacks.as_text(error)
    return event


def _error_of(event: EventDict) -> BaseException | None:
    """Remove the error from an event, in any form that logging knows, and return it."""
    told = event.pop("exc_info", None)
    if isinstance(told, BaseException):
        return told
    if isinstance(told, tuple):
        return told[1] if isinstance(told[1], BaseException) else None
    return sys.exc_info()[1] if told else None


def _visible(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Remove control characters for a terminal from all texts; keep a traceback's lines."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = visible(value, keep="\n" if key == "exception" else "")
    return event

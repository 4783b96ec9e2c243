"""Logs: structlog to standard error, for people or as JSON lines."""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import Processor

# Libraries that tell of every step at INFO; their warnings are still shown.
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
    """Send the logs of this process, ours and the libraries', to standard error.

    Args:
        style: ``console`` for people, ``json`` for machines: one object a line.
        level: the least level that is shown.
        color: whether to color; None: when standard error is a terminal.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.ExtraAdder(allow=()),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if style == "json":
        shown: list[Processor] = [
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ]
    else:
        tinted = sys.stderr.isatty() if color is None else color
        shown = [structlog.dev.ConsoleRenderer(colors=tinted)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
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

"""A part of the service ends when the process that it belongs to is gone."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import structlog

PARENT_VARIABLE: Final = "MLC_INTERNAL_PARENT"
"""Tells a part which process it belongs to."""

_LOOK_FOR_PARENT_SECONDS: Final = 0.5

_log = structlog.get_logger("part")


@asynccontextmanager
async def ends_with_parent(stop: asyncio.Event) -> AsyncGenerator[None]:
    """Set ``stop`` when the process that this one belongs to is gone."""
    parent = os.environ.get(PARENT_VARIABLE)

    async def look() -> None:
        while str(os.getppid()) == parent:  # noqa: ASYNC110 - nothing tells us but asking
            await asyncio.sleep(_LOOK_FOR_PARENT_SECONDS)
        _log.warning("parent_gone")
        stop.set()

    looking = asyncio.create_task(look()) if parent else None
    try:
        yield
    finally:
        if looking is not None:
            looking.cancel()

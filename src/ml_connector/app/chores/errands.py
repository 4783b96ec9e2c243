"""The chore that does what people at pages ask of workers."""

import asyncio
from typing import Final

import structlog

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.errands import carry_out
from ml_connector.ledger import errands
from ml_connector.ledger.errands import Errand

EVERY_SECONDS: Final = 0.5
FORGET_EVERY_SECONDS: Final = 3600.0

_AT_ONCE: Final = 8
_LONGEST_SECONDS: Final = 60.0

_log = structlog.get_logger("errands")


async def do_errands(installation: Installation) -> None:
    """Take what waits and do it, each by itself; return when all of it has ended."""
    async with installation.database.transaction() as on:
        taken = await errands.take(on, worker=installation.holder, most=_AT_ONCE)
    await asyncio.gather(*(_do(installation, one) for one in taken))


async def forget(installation: Installation) -> None:
    """Forget errands that ended long ago."""
    async with installation.database.transaction() as on:
        await errands.forget(on)


async def _do(installation: Installation, errand: Errand) -> None:
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            await carry_out(installation, errand)
    except TimeoutError:
        await _fail(
            installation,
            errand,
            "It took longer than a minute",
            "See in the story whether it was done, then try again.",
        )
    except Exception as error:  # noqa: BLE001 - a bug in one must not keep the others from ending
        _log.exception("errand_failed", errand=errand.id, kind=errand.kind)
        await _fail(
            installation,
            errand,
            f"This software failed at it ({type(error).__name__})",
            "Report it as a fault: the worker's log has the details.",
        )


async def _fail(installation: Installation, errand: Errand, title: str, next_step: str) -> None:
    async with installation.database.transaction() as on:
        await errands.end(on, errand.id, problem={"title": title, "next_step": next_step})

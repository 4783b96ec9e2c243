"""Whether a source has what a person names, before anything of it is kept."""

from collections.abc import Awaitable

from ml_connector.errors import NeedsData
from ml_connector.words import Cause


async def missing(asked: Awaitable[object], otherwise: str) -> str:
    """Return that a source has no such record, in a sentence; empty where it has it.

    Args:
        asked: the read of the record; None, or that it is not found, says that there is none.
        otherwise: what to say where the answer is None.

    Raises:
        ConnectorError: the source can't be read.
    """
    try:
        return "" if await asked is not None else otherwise
    except NeedsData as failure:
        if failure.cause is not Cause.RECORD_NOT_FOUND:
            raise
        return str(failure)

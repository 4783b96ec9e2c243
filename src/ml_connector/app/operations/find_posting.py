"""Finding a posting by the number that NetSuite gave its document, such as ``IR1203``."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any, Final

from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import Installation
from ml_connector.errors import ConnectorError
from ml_connector.ledger.journal import trail
from ml_connector.netsuite.queries.transactions import transactions_by_number
from ml_connector.words import OUR_EXTERNAL_IDS

_ASK_SECONDS: Final = 15.0
_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9/#._-]{1,44}")


async def by_document_number(
    installation: Installation, names: Sequence[str], number: str
) -> list[dict[str, Any]]:
    """Ask NetSuite which records have this document number, and walk back from ours.

    NetSuite gives the number and a person may change it, so it is not stored here. An account
    that does not answer is treated like one that does not know the number.
    """
    walked: list[dict[str, Any]] = []
    if not _NUMBER.fullmatch(number) or number.startswith(OUR_EXTERNAL_IDS):
        return walked
    contexts = ConnectionContexts(installation)
    for name in names:
        try:
            context = await contexts.open(name)
            async with asyncio.timeout(_ASK_SECONDS):
                found = await transactions_by_number(context.netsuite.query, number)
        except (ConnectorError, TimeoutError):
            continue
        async with installation.database.transaction() as connection:
            ids = await trail.by_remote_ids(connection, [name], [one.id for one in found])
            walked += [await trail.walk(connection, posting_id) for posting_id in ids]
    return walked

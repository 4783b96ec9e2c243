"""What is kept, and for how long: months made ahead, bodies exported and deleted."""

from datetime import UTC, datetime

import structlog

from ml_connector.app.installation import Installation
from ml_connector.ledger import months

_log = structlog.get_logger("keeping")


async def make_months(installation: Installation) -> None:
    """Make the partitions of the coming months."""
    async with installation.database.transaction() as connection:
        made = await months.make(connection, datetime.now(UTC).date())
    if made:
        _log.info("months_made", partitions=made)

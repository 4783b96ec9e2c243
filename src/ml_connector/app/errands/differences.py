"""Errands about differences of a month: what ``month decide`` does, for who asked.

The month is compared anew each time, so they take as long as a report. Each may be begun again:
what the errand itself has decided before is its answer.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ml_connector.app.errands.asking import (
    DECIDE_DIFFERENCE,
    PREVIEW_DIFFERENCE,
    AboutDifference,
)
from ml_connector.app.errands.decisions import (
    as_answer,
    check_proposed,
    decided,
    looked_at,
    made_by,
    wanted_of,
)
from ml_connector.app.errands.errands import Do, ErrandProgress
from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.decisions import month_differences
from ml_connector.app.operations.decisions.proposal import Proposal
from ml_connector.errors import UserError
from ml_connector.ledger.connections import connections
from ml_connector.ledger.decisions import decisions
from ml_connector.ledger.people.errands import Errand
from ml_connector.reconcile.decided import FLOW


async def _look(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Look at what ``arguments["decision"]`` would lead to."""
    asked = msgspec.convert(errand.arguments, AboutDifference)
    return looked_at(await _propose(installation, errand, asked, progress))


async def _decide(
    installation: Installation, errand: Errand, progress: ErrandProgress
) -> dict[str, Any]:
    """Record ``arguments["decision"]``, if it leads to what was seen."""
    asked = msgspec.convert(errand.arguments, AboutDifference)
    month = asked.difference.rpartition("-")[0]
    async with installation.database.transaction() as on:
        made = await decisions.of_month(on, errand.connection or "", FLOW, month)
    about = [one for one in made if one.key == asked.difference]
    before = made_by(errand, asked.decision, about)
    if before:
        return as_answer(before[-1], [])
    proposed = await _propose(installation, errand, asked, progress)
    progress.says("Deciding")
    return await decided(installation, errand, proposed, asked.decision)


async def _propose(
    installation: Installation, errand: Errand, asked: AboutDifference, progress: ErrandProgress
) -> Proposal:
    async with installation.database.transaction() as on:
        applied = await connections.find(on, errand.connection or "")
    if applied is None:
        raise UserError(
            f'There is no connection "{errand.connection}"', next_step="See the connections."
        )
    progress.says("Comparing the month anew")
    proposed = await month_differences.propose(
        installation,
        applied,
        asked.difference,
        wanted_of(asked.decision),
        today=datetime.now(applied.schedule.zone).date(),
        progress=progress.says,
    )
    check_proposed(asked.role, proposed)
    return proposed


ABOUT_DIFFERENCES: Final[Mapping[str, Do]] = MappingProxyType(
    {PREVIEW_DIFFERENCE: _look, DECIDE_DIFFERENCE: _decide}
)
"""The kinds about differences; their names are stored."""

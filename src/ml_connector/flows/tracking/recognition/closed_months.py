"""News for a fulfilment in a closed month: it waits for the month, and not for ever. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from ml_connector.awaited import AwaitedKind
from ml_connector.engine.unread import TAKEN_AS_IT_IS
from ml_connector.errors import NeedsData
from ml_connector.flows.tracking.delivery import SOURCE_LINE
from ml_connector.flows.tracking.facts import Parcel, ShipmentFact, moment
from ml_connector.flows.tracking.sales_orders import FulfillmentFact
from ml_connector.ledger.postings.documents import Plan, RefusedUnits
from ml_connector.rules.decisions.accepted import is_accepted
from ml_connector.rules.decisions.decided import Decided
from ml_connector.rules.facts import PeriodFact
from ml_connector.rules.posting_dates import closed_to_news
from ml_connector.words import Cause

ENDS_AFTER: Final = timedelta(days=60)
"""So long news waits for its month to be reopened."""


class News(NamedTuple):
    """What a fulfilment does not say yet, and that moves no units.

    Attributes:
        own: the fulfilment.
        parcels: whose tracking numbers it lacks.
        delivered: whether it lacks the delivery state.
    """

    shipment: ShipmentFact
    own: FulfillmentFact
    parcels: tuple[Parcel, ...]
    delivered: bool

    @property
    def source_lines(self) -> list[str]:
        """How the journal names it."""
        told = [SOURCE_LINE] if self.delivered else []
        return [*(parcel.source_line for parcel in self.parcels), *told]

    def held_back(
        self,
        periods: Sequence[PeriodFact],
        read_at: datetime | None,
        *,
        refused: Sequence[RefusedUnits] = (),
        decisions: Sequence[Decided] = (),
    ) -> Plan | None:
        """Return a plan that writes nothing; None where nothing keeps the news from being written.

        It waits for its period, or is refused for good: after so many days, or as a person
        decided. All units are booked, so it is no open item of the month, and is listed there.

        Args:
            periods: as far as they are known.
            read_at: when the facts were read.
            refused: what is refused besides.
            decisions: about the shipment.
        """
        period = closed_to_news(self.own.day, periods)
        if period is None:
            return None
        held = self._of_closed(period, read_at, refused)
        waits = held.remaining_failure
        if not isinstance(waits, NeedsData) or not is_accepted(decisions, waits):
            return held
        return Plan(refused=held.refused, note=f"{TAKEN_AS_IT_IS}{waits}")

    def _of_closed(
        self, period: PeriodFact, read_at: datetime | None, refused: Sequence[RefusedUnits]
    ) -> Plan:
        since = self.shipment.as_of or moment(self.shipment)
        over = read_at is not None and since is not None and read_at - since >= ENDS_AFTER
        reason = f"Posting period {period.name} is closed"
        known = {one.source_line for one in refused}
        listed = tuple(
            RefusedUnits(source_line=one, reason=reason)
            for one in self.source_lines
            if one not in known
        )
        called = f"item fulfilment {self.own.called}"
        if over:
            return Plan(
                refused=(*refused, *listed),
                note=f"Refused: {reason[0].lower()}{reason[1:]}, and {called} was not reopened to"
                f" changes within {ENDS_AFTER.days} days",
            )
        return Plan(
            refused=(*refused, *listed),
            remaining_failure=NeedsData(
                f"{reason} in NetSuite: news of shipment {self.shipment.id} for {called} waits;"
                " all its units are booked",
                cause=Cause.PERIOD_CLOSED,
                waiting_for=[AwaitedKind.PERIOD.named(f"{period.start:%Y-%m}")],
                remedy=(
                    "Nothing has to be done. To have it written, allow non-G/L changes for the"
                    " period (Setup > Accounting > Manage Accounting Periods), or reopen it. Or"
                    " decide accept: it ends unwritten."
                    f" After {ENDS_AFTER.days} days it ends by itself."
                ),
            ),
        )

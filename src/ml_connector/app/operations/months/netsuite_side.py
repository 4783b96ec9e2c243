"""NetSuite's side of a month end: read, and put beside what is stored."""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import NamedTuple

from ml_connector.app.connections.one_writer import other_merchants
from ml_connector.app.installation.installation import Installation
from ml_connector.engine.context import ConnectionContext
from ml_connector.errors import UserError
from ml_connector.ledger.postings import survey
from ml_connector.reconcile.compare.sides import Movement
from ml_connector.reconcile.fulfilled_orders import OurFulfillment, fulfillments_of
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides import netsuite
from ml_connector.reconcile.sides.order_lines import orders_of
from ml_connector.reconcile.stored.stored import StoredMonth

Progress = Callable[[str, int], object]


class NetSuiteOrders(NamedTuple):
    """Orders that documents of the month are made from.

    Attributes:
        received: internal ids of the purchase orders that were received from.
        fulfillments: item fulfilments of ours, by internal id.
    """

    received: set[str]
    fulfillments: dict[str, OurFulfillment]


def refuse_before_start(month: Month, start: date | None) -> None:
    """Refuse a month that is over before anything is posted.

    Raises:
        UserError: it lies wholly before the start date.
    """
    if start is not None and month.after <= start:
        raise UserError(
            f"{month} lies wholly before the start date of the connection, {start}: nothing of it"
            " was ever to be posted, so there is nothing to compare",
            where="YYYY-MM",
            next_step=f"The first month that can be looked at is {Month.of(start)}.",
            usage=True,
        )


async def read_netsuite(
    installation: Installation,
    stored_month: StoredMonth,
    context: ConnectionContext,
    month: Month,
    progress: Progress,
) -> NetSuiteOrders:
    """Put what moved in the month beside what is stored; return the orders it is made from."""
    settings = context.settings
    orders = NetSuiteOrders(set(), {})
    async with installation.database.transaction() as on:
        others = await other_merchants(on, settings.name)
    locations = set(settings.locations.values())
    if settings.policies.quarantine_location is not None:
        locations.add(settings.policies.quarantine_location)
    count = 0
    progress("Reading NetSuite", count)
    async for found in netsuite.movements(
        context.netsuite.query,
        month,
        locations=sorted(locations),
        vendor=settings.billing.vendor,
        currencies=settings.billing.currencies,
    ):
        moved = (
            await _without_other_merchants(installation, settings.name, others, locations, found)
            if others
            else found
        )
        await stored_month.add_movements(moved)
        orders.received.update(orders_of(moved))
        orders.fulfillments.update(fulfillments_of(moved))
        count += len(found)
        progress("Reading NetSuite", count)
    return orders


async def _without_other_merchants(
    installation: Installation,
    name: str,
    others: Sequence[str],
    locations: Collection[str],
    movements: Sequence[Movement],
) -> list[Movement]:
    """Leave out what connections of other ShipBob accounts have posted: they prove it.

    At a location of ours nothing is left out, whoever posted it.

    Args:
        installation: where.
        name: of the connection.
        others: such connections to the same NetSuite account.
        locations: internal ids of those whose stock ShipBob holds.
        movements: lines in NetSuite.
    """
    ids = {one.external_id for one in movements if one.external_id}
    async with installation.database.transaction() as on:
        states = await survey.states(on, [name, *others], ids)
    posted: dict[bool, set[str]] = {True: set(), False: set()}
    for (one, external_id), state in states.items():
        if state in {"done", "adopted"}:
            posted[one == name].add(external_id)
    theirs = posted[False] - posted[True]
    return [one for one in movements if one.external_id not in theirs or one.location in locations]

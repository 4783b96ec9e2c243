"""ShipBob's side of a month end, as far as it is not stored yet: read, and put beside the rest."""

from collections.abc import Callable, Collection, Sequence

from ml_connector.app.installation.installation import Installation
from ml_connector.app.operations.months.fulfilled_orders import ListedOrders
from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.flow import Flow, SweepResult
from ml_connector.engine.inbox.sweep import gaps
from ml_connector.flows import FLOWS
from ml_connector.ledger.postings import survey
from ml_connector.reconcile.month import Month
from ml_connector.reconcile.sides import shipbob
from ml_connector.reconcile.stored.stored import StoredMonth
from ml_connector.transport.spoiled import SpoiledRow

Progress = Callable[[str, int], object]


async def read_shipbob(
    installation: Installation,
    stored_month: StoredMonth,
    context: ConnectionContext,
    month: Month,
    *,
    progress: Progress,
    orders: ListedOrders,
) -> list[SpoiledRow]:
    """Put what no run has seen beside what is stored; return the rows that are of no subject.

    Args:
        installation: where.
        stored_month: the stored side.
        context: of the connection.
        month: which month.
        progress: called while it reads.
        orders: takes what the lists say of the orders of shipments.

    Raises:
        ConnectorError: ShipBob can't be read.
    """
    name = context.settings.name
    nameless: list[SpoiledRow] = []

    async def known(flow: Flow) -> Collection[str]:
        return await survey.keys_of_posted(installation.database, name, flow.name)

    async def unheard(flow: Flow, seen: Sequence[SweepResult]) -> Sequence[SweepResult]:
        orders.see(seen)
        async with installation.database.transaction() as connection:
            new, changed = await gaps(connection, name, flow, seen)
        return [*new, *changed]

    async def unread(flow: Flow, keys: Collection[str]) -> Collection[str]:
        async with installation.database.transaction() as connection:
            return await survey.without_lines(connection, name, flow.name, keys)

    count = 0
    progress("Reading ShipBob", count)
    for flow in FLOWS.values():
        if not flow.sections or flow.is_off(context.settings.flows_off):
            continue
        since = month.begins(context.settings.schedule.zone) - shipbob.LOOKS_BACK
        async for found in shipbob.news(
            flow,
            context.reads,
            context.settings,
            month,
            since=since,
            known=known,
            unheard=unheard,
            unread=unread,
            nameless=nameless,
        ):
            await stored_month.add_live(found)
            count += len(found)
            progress("Reading ShipBob", count)
    return nameless

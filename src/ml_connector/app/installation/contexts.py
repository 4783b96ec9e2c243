"""What a run of one connection works with: clients, shared reads, settle."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from ml_connector.app.installation.clients import (
    netsuite_client,
    shipbob_client,
    shipbob_limit,
)
from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import ConnectionSettings, RequestLimits
from ml_connector.engine.context import ConnectionContext
from ml_connector.engine.converge import Converge
from ml_connector.engine.settle.netsuite_target import NetSuiteTarget
from ml_connector.engine.settle.settle import Settle
from ml_connector.engine.settle.shipbob_target import ShipBobTarget
from ml_connector.engine.settle.write_slots import WriteSlots, runs_for, write_slots_for
from ml_connector.engine.work.job_tables import DoErrand
from ml_connector.engine.work.lanes import Lanes
from ml_connector.engine.work.pushes import MOST_PUSHED, PushPlaces, push_plan
from ml_connector.flows import FLOWS, purchase_orders, receiving, tracking
from ml_connector.ledger.connections import connections, holds
from ml_connector.ledger.connections.item_bindings import KeptBindings
from ml_connector.ledger.connections.line_proofs import KeptLineProofs
from ml_connector.ledger.decisions.kept import KeptDecisions
from ml_connector.ledger.inbox import subjects
from ml_connector.ledger.month_seals import KeptSeals
from ml_connector.ledger.postings import announcements, survey
from ml_connector.ledger.postings.own_records import KeptOwnRecords
from ml_connector.netsuite.account import account_key
from ml_connector.netsuite.client import NetSuite
from ml_connector.reads.billing import BillingReads
from ml_connector.reads.free_numbers import FREE_FOR_SECONDS, FreeNumbers
from ml_connector.reads.locations import LocationReads
from ml_connector.reads.reads import Reads
from ml_connector.reads.sales_orders.channels import KeepChannels
from ml_connector.reads.shipments import OrdersOf, ShipmentReads
from ml_connector.reads.stock.stock import StockReads
from ml_connector.shipbob.client import ShipBob
from ml_connector.storage.database import Database
from ml_connector.transport.call import present_priority
from ml_connector.transport.limits.turns import Turns


class ConnectionContexts:
    """The contexts of one process; a connection that was applied again gets a new one."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._open: dict[str, tuple[datetime, ConnectionContext]] = {}

    async def open(self, name: str, applied_at: datetime | None = None) -> ConnectionContext:
        """Return the context of a connection.

        Args:
            name: of the connection.
            applied_at: when it was applied last; None: read it from the database.

        Raises:
            NeedsHuman: its credentials can't be used.
            Retryable: it is held.
            LookupError: there is no such connection.
        """
        known = self._open.get(name)
        if known is not None and known[0] == applied_at:
            return known[1]
        async with self._installation.database.transaction() as connection:
            applied = await connections.find(connection, name)
            if applied is None:
                raise LookupError(f"There is no connection {name}")
            if applied.held_at is not None:
                raise holds.refusal(name)
            if known is not None and known[0] == applied.applied_at:
                return known[1]
            secrets = await self._installation.vault.all(name, on=connection)
        made = connection_context(
            self._installation, applied.settings(secrets), channels=applied.channels
        )
        self._open[name] = (applied.applied_at, made)
        return made


def lanes_of(
    installation: Installation,
    contexts: ConnectionContexts,
    *,
    do_errand: DoErrand | None = None,
) -> Lanes:
    """Return the lanes of an installation, whose jobs converge in these contexts.

    Args:
        installation: where.
        contexts: of its connections.
        do_errand: does errands; None: these lanes leave them to others.
    """
    converge = Converge(
        installation.database,
        FLOWS,
        contexts.open,
        installation.lanes,
        worker=installation.holder,
    )
    return Lanes(installation.server.url, converge, do_errand)


def connection_context(
    installation: Installation,
    settings: ConnectionSettings,
    *,
    channels: Collection[int] | None = None,
) -> ConnectionContext:
    """Put the context of a connection together.

    Args:
        installation: where.
        settings: of the connection.
        channels: all that ShipBob lists for its account, where that was asked before.

    Raises:
        NeedsHuman: the credentials can't be used.
    """
    netsuite, netsuite_auth = netsuite_client(installation, settings, installation.tokens)
    shipbob, shipbob_auth = shipbob_client(installation, settings, installation.tokens)
    free_numbers = FreeNumbers()
    return ConnectionContext(
        settings=settings,
        mode=settings.mode or "dry-run",
        shipbob=shipbob,
        netsuite=netsuite,
        sign_in={"netsuite": netsuite_auth.token, "shipbob": shipbob_auth.bearer},
        reads=_reads(installation, settings, shipbob, netsuite, free_numbers, channels=channels),
        settle=Settle(
            installation.database,
            {
                "netsuite": NetSuiteTarget(netsuite),
                "shipbob": _shipbob_target(installation, settings, shipbob, free_numbers),
            },
            slots=WriteSlots(write_slots_for(settings.limits)),
        ),
        push_places=_push_places(settings.limits),
    )


def _push_places(limits: RequestLimits) -> PushPlaces:
    return PushPlaces(push_plan(limits), most=min(MOST_PUSHED, runs_for(limits) // 2))


def _shipbob_target(
    installation: Installation,
    settings: ConnectionSettings,
    shipbob: ShipBob,
    free_numbers: FreeNumbers,
) -> ShipBobTarget:
    limit_key = shipbob_limit(settings.name)

    async def take_turn(turns: Turns) -> None:
        await installation.limits.take_ahead(limit_key, turns, present_priority())

    async def written_elsewhere(number: str, external_id: str) -> bool:
        return await survey.is_wro_made_lately(
            installation.database,
            settings.name,
            number,
            besides=external_id,
            seconds=FREE_FOR_SECONDS,
        )

    async def made_for_others(wro_ids: Sequence[str], external_id: str) -> Collection[str]:
        return await announcements.made_besides(
            installation.database, settings.name, wro_ids, besides=external_id
        )

    return ShipBobTarget(
        shipbob,
        free_numbers=free_numbers,
        take_turn=take_turn,
        written_elsewhere=written_elsewhere,
        made_for_others=made_for_others,
    )


def _reads(
    installation: Installation,
    settings: ConnectionSettings,
    shipbob: ShipBob,
    netsuite: NetSuite,
    free_numbers: FreeNumbers,
    *,
    channels: Collection[int] | None,
) -> Reads:
    return Reads(
        shipbob,
        netsuite,
        policies=settings.policies,
        skus=settings.skus,
        bindings=KeptBindings(installation.database, settings.name),
        announcements=announcements.KeptAnnouncements(
            installation.database,
            settings.name,
            announcing=purchase_orders.FLOW.name,
            receiving=receiving.FLOW.name,
        ),
        line_proofs=KeptLineProofs(
            installation.database,
            settings.name,
            account=account_key(settings.netsuite.account_id),
        ),
        decisions=KeptDecisions(installation.database, settings.name),
        own_records=KeptOwnRecords(installation.database, settings.name),
        billing=BillingReads(
            shipbob.billing,
            netsuite,
            installation.database,
            settings.name,
            vendor=settings.billing.vendor,
        ),
        stock=StockReads(
            shipbob,
            netsuite,
            installation.database,
            settings.name,
            locations=settings.locations,
            quarantine=settings.policies.quarantine_location,
            zone=settings.schedule.zone,
        ),
        ordered_since=settings.start_date,
        free_numbers=free_numbers,
        centers_in_use=[int(center) for center in settings.locations],
        locations=LocationReads(
            netsuite,
            settings.locations,
            [*filter(None, [settings.policies.quarantine_location])],
        ),
        sealed_months=KeptSeals(installation.database, settings.name),
        shipments=_shipment_reads(installation, settings, shipbob, netsuite, channels),
    )


def _shipment_reads(
    installation: Installation,
    settings: ConnectionSettings,
    shipbob: ShipBob,
    netsuite: NetSuite,
    channels: Collection[int] | None,
) -> ShipmentReads:
    return ShipmentReads(
        shipbob,
        netsuite,
        order_rules=settings.policies.order_rules,
        channels=channels,
        keep_channels=_keep_channels(installation.database, settings.name),
        orders_of=_orders_of(installation.database, settings.name),
    )


def _keep_channels(database: Database, name: str) -> KeepChannels:
    """Return a function that keeps which channels ShipBob lists for a connection's account."""

    async def keep_channels(channels: Collection[int]) -> None:
        async with database.transaction() as on:
            await connections.set_channels(on, name, channels)

    return keep_channels


def _orders_of(database: Database, name: str) -> OrdersOf:
    """Return a function that looks up the orders of shipments that webhooks told the inbox of."""

    async def orders_of(shipment_ids: Sequence[int]) -> Mapping[int, int]:
        async with database.transaction() as connection:
            known = await subjects.known_within(
                connection, name, tracking.FLOW.name, [str(one) for one in shipment_ids]
            )
        return {int(key): int(order) for key, order in known.items() if order.isdigit()}

    return orders_of

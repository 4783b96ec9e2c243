"""Connections as a list shows them."""

from datetime import date, datetime

import msgspec

from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.netsuite.account import environment
from ml_connector.shipbob.sign_in.hosts import environment as shipbob_environment
from ml_connector.storage.database import Connection
from ml_connector.words import Mode


class ShownConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as a row.

    Attributes:
        paused: webhooks are stored, and nothing else is done.
        held: after a restore, until a person releases it.
        netsuite_account: None where its settings can't be read; so are the others.
        flows_off: keys of the flows that are off.
    """

    name: str
    mode: Mode
    paused: bool
    held: bool
    netsuite_account: str | None
    netsuite_environment: str
    shipbob: str | None
    shipbob_environment: str
    start_date: date | None
    zone: str | None
    flows_off: tuple[str, ...]
    applied_at: datetime


async def connection_list(on: Connection) -> tuple[ShownConnection, ...]:
    """Return all connections, by name."""
    return tuple(shown_connection(one) for one in await connections.every(on))


def shown_connection(one: AppliedConnection) -> ShownConnection:
    """Return a connection as a row. Pure."""
    try:
        account: str | None = one.netsuite_account
        address: str | None = one.shipbob_address
        start: date | None = one.start_date
        zone: str | None = one.schedule.zone.key
        off = tuple(sorted(one.flows_off))
    except NeedsHuman:
        account = address = start = zone = None
        off = ()
    return ShownConnection(
        name=one.name,
        mode=one.mode,
        paused=one.paused,
        held=one.held_at is not None,
        netsuite_account=account,
        netsuite_environment=environment(account) if account else "",
        shipbob=address,
        shipbob_environment=shipbob_environment(address) if address else "",
        start_date=start,
        zone=zone,
        flows_off=off,
        applied_at=one.applied_at,
    )

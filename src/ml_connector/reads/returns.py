"""Reads about returns of one connection, shared by the subjects in flight."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import msgspec

from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import return_authorizations
from ml_connector.netsuite.queries.return_authorizations import (
    ReturnAuthorization,
    ReturnReceiptLine,
)
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.resources.returns import COMPLETED, Return
from ml_connector.transport.batch import Batch
from ml_connector.transport.call import Priority


class _ReadAuthorization(msgspec.Struct, frozen=True, kw_only=True):
    id: str


class ReturnReads:
    """Reads returns at ShipBob, and their authorizations and receipts in NetSuite.

    Args:
        shipbob: the client of the ShipBob account.
        netsuite: the client of the NetSuite account.
    """

    def __init__(self, shipbob: ShipBob, netsuite: NetSuite) -> None:
        self._shipbob = shipbob
        self._netsuite = netsuite
        self._returns: Batch[int, Return] = Batch(self._fetch_returns, most=50)
        self._named: Batch[str, tuple[ReturnAuthorization, ...]] = Batch(
            self._fetch_named, most=500
        )
        self._received: Batch[str, tuple[ReturnReceiptLine, ...]] = Batch(
            self._fetch_received, most=500
        )

    async def get(self, return_id: int) -> Return:
        """Return a return as it is now.

        Raises:
            NeedsData: ShipBob has no such return.
        """
        found = await self._returns.get(return_id)
        # A list may lag behind: only the return's own address is sure.
        return found if found is not None else await self._shipbob.returns.get(return_id)

    async def completed(self, since: datetime) -> AsyncIterator[Return]:
        """Yield the returns completed since a moment, as bulk work."""
        async for found in self._shipbob.returns.find(
            statuses=[COMPLETED], completed_since=since, priority=Priority.BULK
        ):
            yield found

    async def made(self, since: datetime, until: datetime | None = None) -> AsyncIterator[Return]:
        """Yield the returns made between two moments, whatever their status, as bulk work."""
        async for found in self._shipbob.returns.find(
            created_since=since, created_until=until, priority=Priority.BULK
        ):
            yield found

    async def authorizations(self, *names: str) -> tuple[ReturnAuthorization, ...]:
        """Return the authorizations that have one of these as number or as external id."""
        found = await asyncio.gather(*map(self._named.get, names))  # at once: one call
        every = {one.id: one for matches in found for one in matches or ()}
        return tuple(sorted(every.values(), key=lambda one: int(one.id)))

    async def authorization(self, authorization_id: str) -> ReturnAuthorization | None:
        """Return an authorization by its internal id; None when there is none."""
        found = await return_authorizations.by_id(self._netsuite.query, [authorization_id])
        return found[0] if found else None

    async def authorizations_from(self, order_id: str) -> Sequence[ReturnAuthorization]:
        """Return the authorizations that were made from a sales order."""
        return await return_authorizations.from_order(self._netsuite.query, order_id)

    async def is_gone(self, authorization_id: str) -> bool:
        """Whether an authorization is not in NetSuite any more.

        Only the record itself says so: a query may not show yet what was just made (netsuite.md
        section 11.6).
        """
        found = await self._netsuite.get(
            "returnAuthorization", record_id=authorization_id, shape=_ReadAuthorization
        )
        return found is None

    async def received(self, authorization_id: str) -> tuple[ReturnReceiptLine, ...]:
        """Return what was received from an authorization so far, by whatever receipt."""
        return await self._received.get(authorization_id) or ()

    async def _fetch_returns(self, ids: Sequence[int]) -> Mapping[int, Return]:
        if len(ids) == 1:
            return {ids[0]: await self._shipbob.returns.get(ids[0])}
        return {found.id: found async for found in self._shipbob.returns.find(ids=ids)}

    async def _fetch_named(
        self, names: Sequence[str]
    ) -> Mapping[str, tuple[ReturnAuthorization, ...]]:
        found: dict[str, dict[str, ReturnAuthorization]] = {}
        for one in await return_authorizations.by_name(self._netsuite.query, names):
            for name in {one.tranid, one.externalid or ""}:
                found.setdefault(name, {})[one.id] = one
        return {name: tuple(matches.values()) for name, matches in found.items()}

    async def _fetch_received(
        self, ids: Sequence[str]
    ) -> Mapping[str, tuple[ReturnReceiptLine, ...]]:
        rows = await return_authorizations.received(self._netsuite.query, ids)
        return {key: tuple(lines) for key, lines in rows.items()}

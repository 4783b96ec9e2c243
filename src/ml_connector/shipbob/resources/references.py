"""Looking up the things that charges refer to (section 9.7)."""

import msgspec

from ml_connector.awaited import AwaitedKind
from ml_connector.shipbob.session import Request, ShipBobSession, segment
from ml_connector.transport.call import Priority


class Referred(msgspec.Struct, frozen=True, kw_only=True):
    """A return or an unidentified receiving order, of which only the state is read."""

    status: str = ""


class ReferenceCalls:
    """The calls of one connection that read single things by path, as bulk work."""

    def __init__(self, session: ShipBobSession) -> None:
        self._session = session

    async def one(
        self, path: str, reference: str, *, kind: AwaitedKind, scope: str, what: str
    ) -> Referred:
        """Return the thing at ``{path}/{reference}``.

        Raises:
            NeedsData: record_not_found: ShipBob has no such thing.
        """
        request = Request(
            operation="reference.get",
            doing=f"looking for {reference} among the {what}",
            path=f"{path}/{segment(reference)}",
            scope=scope,
            record=kind.named(reference),
            priority=Priority.BULK,
        )
        return await self._session.one(request, Referred)

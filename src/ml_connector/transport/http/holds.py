"""Which connections may make no call just now, and what of theirs may be asked all the same."""

from enum import Enum
from typing import Protocol

from ml_connector.errors import ConnectorError
from ml_connector.transport.call import Call, Patience


class Holds(Protocol):
    """Knows which connections are held."""

    async def refusal(self, connection: str, *, fresh: bool) -> ConnectorError | None:
        """Return why a connection may make no call; None when it may.

        Args:
            connection: its name.
            fresh: look anew; else what was known a moment ago is good enough.

        Raises:
            DatabaseAway: it can't be known; the call must not be sent.
        """
        ...


class NothingHeld:
    """Holds no connection."""

    async def refusal(self, connection: str, *, fresh: bool) -> ConnectorError | None:
        """Nothing is refused."""
        del connection, fresh
        return None


class Reach(Enum):
    """Which calls of a held connection go out."""

    NOTHING = "nothing"
    READS = "reads"
    """Reads, and NetSuite's sign-in: its tokens end nobody else's. ShipBob's grant is left
    alone: a renewal would end that of another installation (ShipBob reference, section 3.2)."""
    READS_AND_SIGN_IN = "reads and sign-in"
    """What a person has released, or is about to: all but writes."""

    def covers(self, call: Call) -> bool:
        """Whether such a call goes out although its connection is held."""
        match self:
            case Reach.NOTHING:
                return False
            case Reach.READS:
                reads = call.patience in {Patience.READ, Patience.QUERY}
                return reads or (call.patience is Patience.TOKEN and call.system == "netsuite")
            case Reach.READS_AND_SIGN_IN:
                return call.patience is not Patience.WRITE


def looks_anew(call: Call) -> bool:
    """Whether it must be known for certain that a call may go: it writes, or renews a token."""
    return call.patience in {Patience.WRITE, Patience.TOKEN}

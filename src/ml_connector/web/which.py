"""Which connection an address is about, where it is about one."""

from litestar.exceptions import ClientException, NotFoundException

from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import Connection


async def which(on: Connection, wanted: str | None) -> AppliedConnection:
    """Return the connection that an address names; it may name none where there is one.

    Raises:
        NotFoundException: there is none, or none of that name.
        ClientException: there are several, and it names none.
    """
    every = await connections.every(on)
    if wanted:
        for one in every:
            if one.name == wanted:
                return one
        raise NotFoundException(detail="There is no such connection")
    if not every:
        raise NotFoundException(detail="There is no connection yet")
    if len(every) > 1:
        raise ClientException(detail="There are several connections: name one as ?connection=")
    return every[0]

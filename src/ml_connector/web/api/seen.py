"""What an address says: which connections are looked in, and where a page of a list begins."""

from collections.abc import Iterator
from contextlib import contextmanager

from litestar.exceptions import ClientException, NotFoundException

from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.storage.database import Connection


async def seen(on: Connection, wanted: str | None = None) -> list[str]:
    """Return the names of the connections to look in.

    Raises:
        NotFoundException: there is none of the name that is wanted.
    """
    names = [one.name for one in await connections.every(on)]
    if not wanted:
        return names
    if wanted not in names:
        raise NotFoundException(detail="There is no such connection")
    return [wanted]


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


@contextmanager
def reading_places() -> Iterator[None]:
    """Refuse an ``after`` that is none of ours.

    Raises:
        ClientException: it is not.
    """
    try:
        yield
    except ValueError as error:
        raise ClientException(detail="after: it is none that a page has given") from error

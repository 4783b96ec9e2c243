"""The protocol of what keeps tokens: for stored connections, or in memory for a check."""

from typing import Protocol

from ml_connector.vault.tokens import Renew, Token
from ml_connector.words import System


class TokenKeeper(Protocol):
    """Gives out the token of a connection, renewed when it is time."""

    async def valid(self, connection: str, system: System, renew: Renew) -> Token:
        """Return a token that can be used."""
        ...

    async def refused(self, connection: str, system: System, token: Token, renew: Renew) -> Token:
        """Return another token after the system refused this one."""
        ...

    async def held(self, connection: str, system: System) -> bool:
        """Whether a token is stored."""
        ...

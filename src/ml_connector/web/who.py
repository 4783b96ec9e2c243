"""Who asks: a person who signed in, or a program with a token."""

import msgspec

from ml_connector.app.users import roles
from ml_connector.ledger.people.api_tokens import ApiToken
from ml_connector.ledger.people.sessions import SignInSession
from ml_connector.words import Role


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """The one who asks.

    Attributes:
        name: as it stands in acts.
        role: what they may do.
        session: of a person who signed in; None for a program.
        token: of a program; None for a person.
    """

    name: str
    role: Role
    session: SignInSession | None = None
    token: ApiToken | None = None

    def may(self, word: str, *, flow: str = "", table: str = "") -> bool:
        """Return whether they may do something; see ``app.users.roles.may``."""
        return roles.may(self.role, word, flow=flow, table=table)

    def check(self, word: str, *, flow: str = "", table: str = "") -> None:
        """See that they may do something.

        Raises:
            NotAllowed: they may not.
        """
        roles.check(self.role, word, flow=flow, table=table)

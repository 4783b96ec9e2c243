"""What the control surface knows of the simulated account that it shows and acts on."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from ml_connector.sim.faults import FaultPlan
from ml_connector.sim.netsuite.books.books import Books, TellsTime
from ml_connector.sim.netsuite.books.company import Preferences
from ml_connector.sim.netsuite.http.limits import Limits
from ml_connector.sim.netsuite.http.tokens import SignIn


class Account(Protocol):
    """One simulated NetSuite account: what a person sees there and does.

    Each of the control surface's actions is a method of it too.
    """

    clock: TellsTime
    books: Books
    sign_in: SignIn
    faults: FaultPlan

    @property
    def account_id(self) -> str:
        """As NetSuite shows it."""

    @property
    def preferences(self) -> Preferences:
        """Set-up of the account."""

    @property
    def limits(self) -> Limits:
        """Requests in flight."""

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Calls answered so far."""

    def stock(self) -> dict[tuple[str, int], Decimal]:
        """Units on hand by SKU and location id."""

    def documents(self, record_type: str | None = None) -> list[dict[str, Any]]:
        """Transactions by id."""

    def balances(self) -> dict[int, Decimal]:
        """Debits minus credits by account id."""

    def revoke_tokens(self) -> None:
        """Every token handed out stops working."""

    def edit(self, record_type: str, internal_id: int, body: Mapping[str, object]) -> None:
        """Change a transaction as a person would."""

    def delete(self, record_type: str, internal_id: int) -> None:
        """Delete a transaction as a person would."""

    def close_period(self, month: str) -> None:
        """Close a posting period, written ``2026-10``."""

    def allow_non_gl_changes(self, month: str) -> None:
        """Let a period take changes that don't touch the ledger, also when it is closed."""

    def reopen_period(self, month: str) -> None:
        """Open a period and lift all its locks."""

"""Where a record has its own page: links into NetSuite's and ShipBob's user interface. Pure."""

from urllib.parse import quote, urlsplit

import msgspec

from ml_connector.errors import ConnectorError, UserError
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.netsuite.account import host_label
from ml_connector.shipbob.sign_in.hosts import PRODUCTION, SANDBOX
from ml_connector.words import System


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A link to another system.

    Attributes:
        label: what it opens.
    """

    system: System
    label: str
    url: str


def of_subject(applied: AppliedConnection | None, flow: str) -> tuple[Address, ...]:
    """Return links to where people look a subject up; none for a simulator."""
    if applied is None:
        return ()
    found = []
    shipbob = _shipbob(applied)
    if shipbob and flow != "purchase-orders":
        found.append(Address(system="shipbob", label="ShipBob", url=shipbob))
    netsuite = _netsuite(applied)
    if netsuite:
        found.append(Address(system="netsuite", label="NetSuite", url=netsuite))
    return tuple(found)


def of_document(
    applied: AppliedConnection | None, system: str, kind: str, remote_id: str | None
) -> Address | None:
    """Return the link to a document's own page; None where it has none."""
    if applied is None or not remote_id or system != "netsuite":
        return None
    path = transactions_at(applied)
    if not path:
        return None
    return Address(system="netsuite", label=kind, url=f"{path}{quote(remote_id, safe='')}")


def transactions_at(applied: AppliedConnection) -> str:
    """Return the address of a transaction, its internal id left out; empty for a simulator."""
    host = _netsuite(applied)
    return f"{host}/app/accounting/transactions/transaction.nl?id=" if host else ""


def _netsuite(applied: AppliedConnection) -> str:
    """Return where people see the account (netsuite.md, section 1); empty for a simulator."""
    if applied.section("netsuite").get("base_url"):
        return ""
    try:
        return f"https://{host_label(applied.netsuite_account)}.app.netsuite.com"
    except (ConnectorError, UserError):
        return ""


def _shipbob(applied: AppliedConnection) -> str:
    """Return the dashboard of the account's environment; empty for a simulator."""
    try:
        host = urlsplit(applied.shipbob_address).hostname or ""
    except (ConnectorError, ValueError):
        return ""
    known = {urlsplit(one.api_url).hostname: one.dashboard_url for one in (PRODUCTION, SANDBOX)}
    return known.get(host, "")

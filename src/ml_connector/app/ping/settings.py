"""What ping compares of a connection's settings with NetSuite's own set-up.

Assumptions: NS-051, NS-054, NS-055.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from ml_connector.app.connections import ids
from ml_connector.app.connections.checks import Check
from ml_connector.app.ping.running import Probe
from ml_connector.config.connection import ConnectionSettings
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import setup

_FEATURES: Final[Mapping[str, tuple[str, str]]] = {
    "ADVRECEIVING": (
        "Advanced Receiving",
        "Without it, NetSuite makes the vendor bill together with every item receipt.",
    ),
    "ADVSHIPPING": (
        "Advanced Shipping",
        "Without it, NetSuite makes the invoice together with every item fulfillment.",
    ),
    "MULTILOCINVT": (
        "Multi-Location Inventory",
        "Without it, stock at ShipBob can't be told from stock elsewhere.",
    ),
    "RETURNAUTHS": ("Return Authorizations", "Without it, returns can't be received."),
}
"""Features by their id in companyfeaturesetup, with their names and what it is like without."""


@dataclass(frozen=True, kw_only=True)
class SetUp:
    """The settings of a connection, compared with the account."""

    client: NetSuite
    settings: ConnectionSettings

    def probes(self) -> list[Probe]:
        """Return what to compare."""
        return [
            Probe(name="locations", ask=self._locations, only_when_forbidden=True),
            Probe(name="accounts", ask=self._accounts, only_when_forbidden=True),
            Probe(name="vendor", ask=self._vendor, only_when_forbidden=True),
            Probe(name="posting period", ask=self._period, needed=False),
            Probe(name="subsidiary", ask=self._subsidiary, needed=False),
            *(
                Probe(name=name, ask=partial(look, self.client, self.settings))
                for name, look in (
                    ("departments", ids.departments),
                    ("classes", ids.classes),
                    ("currencies", ids.currencies),
                    ("custom fields", ids.custom_fields),
                )
            ),
            Probe(name="features", ask=self._features, needed=False),
        ]

    async def _locations(self) -> Sequence[Check]:
        wanted = ids.location_ids(self.settings)
        if not wanted:
            return []  # the check of ShipBob's fulfillment centers says so
        known = await setup.locations(self.client.query, wanted)
        checks = [ids.location_check(wanted, known)]
        bins = [f"{one.id} {one.name}" for one in known.values() if one.usebins]
        checks.append(
            ids.netsuite_check(
                "bins",
                "failed" if bins else "ok",
                f"locations with bins: {', '.join(bins)}"
                if bins
                else "no mapped location has bins",
                "Map ShipBob to locations without bins: what is received into bins over REST is"
                " refused by NetSuite."
                if bins
                else "",
                needed=False,
            )
        )
        return checks

    async def _accounts(self) -> Sequence[Check]:
        checks = await ids.accounts(self.client, self.settings)
        if not self.settings.accounts.inventory_adjustment:
            checks.append(
                ids.netsuite_check(
                    "adjustment account",
                    "missing",
                    "not set",
                    "Set inventory_adjustment under [accounts]: stock without an order, and"
                    " surplus, wait without it.",
                    needed=False,
                )
            )
        return checks

    async def _vendor(self) -> Sequence[Check]:
        vendor = self.settings.billing.vendor
        if vendor is None:
            return [
                ids.netsuite_check(
                    "vendor",
                    "missing",
                    "not set",
                    "Set vendor under [billing] to ShipBob's internal id among the vendors, if"
                    " ShipBob's invoices are to become bills.",
                    needed=False,
                )
            ]
        return await ids.vendor(self.client, self.settings)

    async def _period(self) -> Sequence[Check]:
        today = datetime.now(UTC).astimezone(self.settings.schedule.zone).date()
        known = await setup.periods(self.client.query, today)
        now = next((one for one in known if one.startdate <= today <= one.enddate), None)
        if now is not None and now.open_for_bills:
            return [
                ids.netsuite_check(
                    "posting period", "ok", f"{now.periodname} is open", needed=False
                )
            ]
        if now is None:
            found, outcome = f"none for {today}", "missing"
        else:
            locked = "closed for bills" if now.open_for_stock else "closed"
            found, outcome = f"{now.periodname} is {locked}", "failed"
        return [
            ids.netsuite_check(
                "posting period",
                "missing" if outcome == "missing" else "failed",
                found,
                "Make or reopen it (Setup > Accounting > Manage Accounting Periods). Until then"
                " postings go into the next open period, or wait, as policies.closed_period says.",
                needed=False,
            )
        ]

    async def _subsidiary(self) -> Sequence[Check]:
        if self.settings.netsuite.subsidiary or self.settings.billing.subsidiary:
            found = await ids.subsidiaries(self.client, self.settings)
            return [replace(one, needed=False) for one in found]
        try:
            known = await setup.subsidiaries(self.client.query)
        except UnknownIdentifier:
            return [ids.netsuite_check("subsidiary", "ok", "none, and none is set", needed=False)]
        return [
            ids.netsuite_check(
                "subsidiary",
                "missing",
                f"the account has {len(known)}, and none is set",
                "Set subsidiary under [netsuite]: on OneWorld an inventory adjustment needs it.",
                needed=False,
            )
        ]

    async def _features(self) -> Sequence[Check]:
        try:
            known = await setup.features(self.client.query)
        except UnknownIdentifier:
            return [
                ids.netsuite_check(
                    "features",
                    "forbidden",
                    "the role may not see them",
                    "Look yourself under Setup > Company > Enable Features: Advanced Receiving,"
                    " Advanced Shipping and Multi-Location Inventory should be on.",
                    needed=False,
                )
            ]
        active = {one.id.upper() for one in known if one.isactive}
        active |= {one.name.lower() for one in known if one.isactive}
        listed = {one.id.upper() for one in known} | {one.name.lower() for one in known}
        off = {
            name: without
            for key, (name, without) in _FEATURES.items()
            if {key, name.lower()} & listed and not {key, name.lower()} & active
        }
        return [
            ids.netsuite_check(
                "features",
                "missing" if off else "ok",
                f"switched off: {', '.join(off)}" if off else "those that are needed are on",
                " ".join(
                    ["Switch them on under Setup > Company > Enable Features.", *off.values()]
                )
                if off
                else "",
                needed=False,
            )
        ]

"""What ping compares of a connection's settings with NetSuite's own set-up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ml_connector.app.connections.checks import Check, Outcome
from ml_connector.app.ping.running import Probe
from ml_connector.config.connection import ConnectionSettings
from ml_connector.netsuite.classify import UnknownIdentifier
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.queries import setup
from ml_connector.netsuite.queries.setup import Named

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
            Probe(name="features", ask=self._features, needed=False),
        ]

    async def _locations(self) -> Sequence[Check]:
        wanted = dict.fromkeys(self.settings.locations.values())
        if self.settings.policies.quarantine_location:
            wanted.setdefault(self.settings.policies.quarantine_location)
        if not wanted:
            return []  # the check of ShipBob's fulfillment centers says so
        known = await setup.locations(self.client.query, list(wanted))
        absent = [one for one in wanted if one not in known]
        inactive = [f"{one.id} {one.name}" for one in known.values() if one.isinactive]
        checks = [
            _named(
                "locations",
                [f"{one.id} {one.name}" for one in known.values()],
                absent,
                inactive,
                remedy="Correct the ids under [locations] (Lists > Accounting > Locations shows"
                " them), or let the role see the location's subsidiary.",
            )
        ]
        bins = [f"{one.id} {one.name}" for one in known.values() if one.usebins]
        checks.append(
            _check(
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
        of = self.settings.accounts
        billing = self.settings.billing
        wanted = [
            one
            for one in (
                of.inventory_adjustment,
                of.write_off,
                billing.default_account,
                *billing.accounts.values(),
            )
            if one
        ]
        checks: list[Check] = []
        if wanted:
            known = await setup.accounts(self.client.query, wanted)
            checks.append(
                _named(
                    "accounts",
                    [_account(one) for one in known.values()],
                    [one for one in dict.fromkeys(wanted) if one not in known],
                    [_account(one) for one in known.values() if one.isinactive],
                    remedy="Correct the ids under [accounts] and [billing]: they are internal"
                    " ids, not account numbers (Lists > Accounting > Accounts; Home > Set"
                    " Preferences > Show Internal IDs).",
                )
            )
        if not of.inventory_adjustment:
            checks.append(
                _check(
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
                _check(
                    "vendor",
                    "missing",
                    "not set",
                    "Set vendor under [billing] to ShipBob's internal id among the vendors, if"
                    " ShipBob's invoices are to become bills.",
                    needed=False,
                )
            ]
        known = await setup.vendors(self.client.query, [vendor])
        return [
            _named(
                "vendor",
                [f"{one.id} {one.name}" for one in known.values()],
                [] if vendor in known else [vendor],
                [f"{one.id} {one.name}" for one in known.values() if one.isinactive],
                remedy="Correct vendor under [billing]: it is the internal id of ShipBob among"
                " the vendors (Lists > Relationships > Vendors).",
            )
        ]

    async def _period(self) -> Sequence[Check]:
        today = datetime.now(UTC).astimezone(self.settings.schedule.zone).date()
        known = await setup.periods(self.client.query, today)
        now = next(
            (one for one in known if one.startdate <= today <= one.enddate and not one.isadjust),
            None,
        )
        if now is not None and now.open_for_bills:
            return [_check("posting period", "ok", f"{now.periodname} is open", needed=False)]
        if now is None:
            found, outcome = f"none for {today}", "missing"
        else:
            locked = "closed for bills" if now.open_for_stock else "closed"
            found, outcome = f"{now.periodname} is {locked}", "failed"
        return [
            _check(
                "posting period",
                "missing" if outcome == "missing" else "failed",
                found,
                "Make or reopen it (Setup > Accounting > Manage Accounting Periods). Until then"
                " postings go into the next open period, or wait, as policies.closed_period says.",
                needed=False,
            )
        ]

    async def _subsidiary(self) -> Sequence[Check]:
        wanted = self.settings.netsuite.subsidiary
        try:
            known = {one.id: one.name for one in await setup.subsidiaries(self.client.query)}
        except UnknownIdentifier:
            if wanted is None:
                return [_check("subsidiary", "ok", "none, and none is set", needed=False)]
            return [
                _check(
                    "subsidiary",
                    "missing",
                    "the account has none, or the role may not see them",
                    "Take subsidiary out of [netsuite] where the account is not OneWorld; else"
                    ' add the permission "Subsidiaries" (Lists, level View) to the role.',
                    needed=False,
                )
            ]
        if wanted is None:
            return [
                _check(
                    "subsidiary",
                    "missing",
                    f"the account has {len(known)}, and none is set",
                    "Set subsidiary under [netsuite]: on OneWorld an inventory adjustment needs"
                    " it.",
                    needed=False,
                )
            ]
        if wanted not in known:
            return [
                _check(
                    "subsidiary",
                    "missing",
                    f"there is no {wanted}",
                    "Correct subsidiary under [netsuite], or let the role see it.",
                    needed=False,
                )
            ]
        return [_check("subsidiary", "ok", f"{wanted} {known[wanted]}", needed=False)]

    async def _features(self) -> Sequence[Check]:
        try:
            known = await setup.features(self.client.query)
        except UnknownIdentifier:
            return [
                _check(
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
            _check(
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


def _named(
    name: str,
    known: Sequence[str],
    absent: Sequence[str],
    inactive: Sequence[str],
    *,
    remedy: str,
) -> Check:
    if absent:
        return _check(name, "missing", f"not there: {', '.join(absent)}", remedy)
    if inactive:
        return _check(name, "failed", f"inactive: {', '.join(inactive)}", remedy)
    return _check(name, "ok", ", ".join(known))


def _check(
    name: str, outcome: Outcome, found: str, remedy: str = "", *, needed: bool = True
) -> Check:
    return Check(
        system="netsuite", name=name, outcome=outcome, found=found, remedy=remedy, needed=needed
    )


def _account(one: Named) -> str:
    return " ".join(filter(None, (one.id, one.acctnumber, one.name)))

"""What ping looks at in NetSuite (netsuite.md section 12.4). Everything is read only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from ml_connector.app.connections.checks import Check
from ml_connector.app.ping.queries import query_probes
from ml_connector.app.ping.running import Probe, Tell, is_needed, run, run_one, tell_nobody
from ml_connector.app.ping.settings import SetUp
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import ConnectorError, NeedsHuman
from ml_connector.netsuite.client import AccountClock, NetSuite
from ml_connector.netsuite.permissions import (
    EXCESS,
    GOODS_IN,
    PERMISSIONS,
    ROLE_PAGE,
    Permission,
)
from ml_connector.netsuite.queries import setup
from ml_connector.netsuite.sign_in.oauth import (
    CLOCK_REMEDY,
    CLOCK_TOLERANCE_SECONDS,
    SignIn,
    describe_offset,
)
from ml_connector.words import Cause

PROPERTIES: Final[Mapping[str, tuple[str, ...]]] = {
    "purchaseOrder": ("tranId", "item"),
    "itemReceipt": ("externalId", "tranDate", "memo", "item"),
    "inventoryAdjustment": ("externalId", "account", "adjLocation", "tranDate", "inventory"),
    "salesOrder": ("tranId", "item"),
    "itemFulfillment": ("externalId", "shipStatus", "package", "item"),
    "returnAuthorization": ("externalId", "item"),
    "vendorBill": ("externalId", "entity", "tranId", "expense"),
    "vendorCredit": ("externalId", "entity", "tranId", "expense"),
}
"""Record types that are used, with properties that are written or read of them."""

_CLOCK_NAMED: Final = "this machine's clock is"


class PingNetSuite:
    """The checks of one connection's NetSuite account.

    Args:
        open_client: makes the client and its sign-in.
        settings: of the connection.
        worked_before: these credentials got a token before.
        until: the time, of the event loop's clock, by which all checks must be done.
        tell: of each check when it ends.
    """

    def __init__(
        self,
        open_client: Callable[[], tuple[NetSuite, SignIn]],
        settings: ConnectionSettings,
        *,
        worked_before: bool,
        until: float,
        tell: Tell = tell_nobody,
    ) -> None:
        self._open_client = open_client
        self._worked_before = worked_before
        self._settings = settings
        self._until = until
        self._tell = tell

    async def checks(self) -> list[Check]:
        """Do all checks; stop after the first ones when NetSuite can't be used at all."""
        found = await run_one("netsuite", Probe(name="token", ask=self._token), until=self._until)
        if found[0].outcome != "ok":
            return self._told([*found, *_clock_of(found[0])])
        self._told(found)
        client, _ = self._open_client()
        clocks: list[AccountClock] = []
        [asked] = await run_one(
            "netsuite",
            Probe(name="SuiteQL", ask=partial(_ask_clock, client, clocks)),
            until=self._until,
        )
        if asked.outcome != "ok":
            return [*found, *self._told([await self._why(client, asked)])]
        found += self._told([asked, *self._times(clocks[0])])
        set_up = SetUp(client=client, settings=self._settings)
        probes = [
            Probe(name="language", ask=partial(_language, client), needed=False),
            Probe(name="record types", ask=partial(_record_types, client), needed=False),
            Probe(
                name="purchase orders",
                ask=partial(_orders, client),
                needed=is_needed(GOODS_IN, self._settings.flows_off),
                only_when_forbidden=True,
            ),
            *self._permissions(client),
            Probe(name="permissions too many", ask=partial(_excess, client), needed=False),
            *set_up.probes(),
            *query_probes(client, self._settings),
        ]
        return found + await run("netsuite", probes, until=self._until, tell=self._tell)

    def _told(self, found: list[Check]) -> list[Check]:
        for check in found:
            self._tell(check)
        return found

    async def _token(self) -> str:
        _, auth = self._open_client()
        await auth.prove(worked_before=self._worked_before)
        return f"account {self._settings.netsuite.account_id}"

    async def _why(self, client: NetSuite, refused: Check) -> Check:
        """Find out which permission SuiteQL lacks, without which nothing else can be asked."""
        if refused.outcome != "forbidden":
            hint = (
                " When it goes on: the role needs the permission Log in using OAuth 2.0 Access"
                " Tokens (Setup), and must not have OAuth 2.0 Authorized Applications Management."
            )
            return replace(refused, remedy=refused.remedy + hint)
        try:
            await client.look_at("itemReceipt")
            name, tab = "SuiteAnalytics Workbook", "Reports"
        except NeedsHuman as error:
            both = error.cause is Cause.PERMISSION_MISSING
            name, tab = (
                ("REST Web Services", "Setup") if both else ("SuiteAnalytics Workbook", "Reports")
            )
        except ConnectorError:
            name, tab = "REST Web Services or SuiteAnalytics Workbook", "Setup, Reports"
        return replace(
            refused,
            name=f"permission {name}",
            found=f"the role lacks {name}: {refused.found}",
            remedy=_add(name, tab),
        )

    def _times(self, clock: AccountClock) -> list[Check]:
        zone = self._settings.schedule.zone
        ours = datetime.now(UTC) - timedelta(seconds=clock.offset_seconds or 0.0)
        off = clock.now - ours.astimezone(zone).replace(tzinfo=None)
        same = abs(off) <= timedelta(minutes=5)
        checks = [
            Check(
                system="netsuite",
                name="time zone",
                outcome="ok" if same else "failed",
                found=f"it is {clock.now:%H:%M} in the account"
                + ("" if same else f", and {ours.astimezone(zone):%H:%M} in {zone.key}"),
                remedy=""
                if same
                else "Set timezone under [schedule] to the zone of Setup > Company > Company"
                " Information, or leave it when the merchant's day is another on purpose.",
                needed=False,
            ),
            Check(
                system="netsuite",
                name="date format",
                outcome="ok",
                found=f"dates come as asked for: {clock.now:%Y-%m-%d}",
                needed=False,
            ),
        ]
        if clock.offset_seconds is not None:
            right = abs(clock.offset_seconds) <= CLOCK_TOLERANCE_SECONDS
            said = describe_offset(clock.offset_seconds)
            checks.insert(
                0,
                Check(
                    system="netsuite",
                    name="clock",
                    outcome="ok" if right else "failed",
                    found="this machine's clock is right" if right else said,
                    remedy="" if right else CLOCK_REMEDY,
                    needed=False,
                ),
            )
        return checks

    def _permissions(self, client: NetSuite) -> list[Probe]:
        off = self._settings.flows_off
        billing = "billing" not in off
        world = self._settings.netsuite.subsidiary is not None
        # By the purpose of a permission: whether the connection needs it. Others aren't checked.
        uses = {"always": True, "transfers": False}
        uses |= ({"billing": True} if billing else {}) | ({"OneWorld": True} if world else {})
        return [
            Probe(
                name=f"permission {one.name}",
                ask=partial(_look_at, client, one),
                needed=uses[one.use] and is_needed(one.flows, off),
                remedy=_add(one.name, one.tab, one.level, one.why),
                only_when_forbidden=True,
                stops=one.flows - off,
            )
            for one in PERMISSIONS
            if one.use in uses and (one.record_type or one.table)
        ]


def _add(name: str, tab: str, level: str = "", why: str = "") -> str:
    wanted = f", level {level}" if level else ""
    purpose = f" It is for {why}." if why else ""
    return (
        f'Add the permission "{name}" ({tab}{wanted}) to the integration role: Setup >'
        f" Users/Roles > Manage Roles.{purpose} {ROLE_PAGE}"
    )


async def _look_at(client: NetSuite, wanted: Permission) -> str:
    if wanted.record_type:
        await client.look_at(wanted.record_type)
    elif wanted.table is not None:
        await setup.look_at(client.query, wanted.table)
    return "can be read"


async def _ask_clock(client: NetSuite, clocks: list[AccountClock]) -> str:
    clock = await client.account_clock()
    clocks.append(clock)
    return f"account time {clock.now:%Y-%m-%d %H:%M:%S}"


async def _orders(client: NetSuite) -> str:
    return f"{await setup.count_purchase_orders(client.query)} can be seen"


async def _language(client: NetSuite) -> Sequence[Check]:
    try:
        words = await client.in_words_of("itemReceipt", "mlc-ping-no-such-record")
    except NeedsHuman:
        return []  # the check of permissions says that it is missing
    english = not words or "does not exist" in words.lower()
    return [
        Check(
            system="netsuite",
            name="language",
            outcome="ok" if english else "failed",
            found="the user is told refusals in English" if english else words,
            remedy=""
            if english
            else "Set the integration user's language to English (U.S.) (Home > Set Preferences"
            " as that user): NetSuite tells refusals apart by their text only.",
            needed=False,
        )
    ]


async def _record_types(client: NetSuite) -> Sequence[Check]:
    """Compare the metadata catalogue with the record types and properties used (section 6.9)."""
    metadata = await client.metadata(list(PROPERTIES))
    lacking = [
        f"{record_type} ({', '.join(absent)})"
        if record_type in metadata.properties
        else record_type
        for record_type, wanted in PROPERTIES.items()
        if (absent := metadata.lacks(record_type, wanted))
    ]
    return [
        Check(
            system="netsuite",
            name="record types",
            outcome="missing" if lacking else "ok",
            found=f"not in the catalogue: {', '.join(lacking)}"
            if lacking
            else f"{len(PROPERTIES)} in the metadata catalogue, with all that is used of them",
            remedy="Switch on the feature that belongs to it (Setup > Company > Enable Features)"
            f" and see that the role may use it. {ROLE_PAGE}"
            if lacking
            else "",
            needed=False,
        )
    ]


async def _excess(client: NetSuite) -> Sequence[Check]:
    """Name the permissions that the role has and doesn't need, as far as reading shows them."""
    many: list[str] = []
    if await client.is_administrator():
        many.append("all of an administrator")
    for record_type, name in EXCESS.items():
        try:
            await client.look_at(record_type)
        except ConnectorError:
            continue
        many.append(name)
    return [
        Check(
            system="netsuite",
            name="permissions too many",
            outcome="failed" if many else "ok",
            found=f"the role also has: {', '.join(many)}" if many else "none seen",
            remedy="Take them from the integration role: it never uses them, but for Transfer"
            f" Inventory where a receiving hub has a location of its own. {ROLE_PAGE}"
            if many
            else "",
            needed=False,
        )
    ]


def _clock_of(refused: Check) -> list[Check]:
    """Return a check of the clock, when a refused sign-in is due to our clock."""
    if _CLOCK_NAMED not in refused.found:
        return []
    return [
        Check(
            system="netsuite",
            name="clock",
            outcome="failed",
            found=_CLOCK_NAMED + refused.found.partition(_CLOCK_NAMED)[2],
            remedy=CLOCK_REMEDY,
        )
    ]

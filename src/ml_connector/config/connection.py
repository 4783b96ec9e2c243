"""The TOML file of one connection: a NetSuite account and a ShipBob account."""

import os
import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import pydantic

from ml_connector.config import toml_file
from ml_connector.config.fault_words import (
    ACCOUNT_PATTERN,
    BODY_FIELD_PATTERN,
    NAME_PATTERN,
    VERSION_PATTERN,
)
from ml_connector.config.order_match import OrderMatch, OrderRules, rules_of
from ml_connector.config.text_file import text_of
from ml_connector.errors import UserError
from ml_connector.secret import Secret
from ml_connector.words import Mode


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text is wanted here, or env:NAME, or file:PATH")
    return Secret(value)


SecretText = Annotated[
    Secret, pydantic.PlainValidator(_secret), pydantic.PlainSerializer(lambda _: None)
]


class _Section(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
        serialize_by_alias=True,
    )


class NetSuiteSection(_Section):
    """``[netsuite]``: the account and the certificate that signs in to it."""

    account_id: Annotated[str, pydantic.Field(pattern=ACCOUNT_PATTERN)]
    base_url: str | None = None
    restlets_url: str | None = None
    client_id: str
    certificate_id: str
    private_key: SecretText | None = pydantic.Field(default=None, exclude=True)
    certificate: str | None = pydantic.Field(default=None, exclude=True)
    subsidiary: str | None = None


ChannelId = Annotated[int, pydantic.Field(ge=1, le=2**63 - 1)]
"""ShipBob's number of a channel."""


class ShipBobSection(_Section):
    """``[shipbob]``: a personal access token, or an OAuth application, or both."""

    api_url: str = "https://api.shipbob.com"
    auth_url: str = "https://auth.shipbob.com"
    version: Annotated[str, pydantic.Field(pattern=VERSION_PATTERN)] = "2026-07"
    channel_id: ChannelId | None = None
    token: SecretText | None = pydantic.Field(default=None, exclude=True)
    client_id: str | None = None
    client_secret: SecretText | None = pydantic.Field(default=None, exclude=True)
    refresh_token: SecretText | None = pydantic.Field(default=None, exclude=True)
    webhook_secrets: tuple[SecretText, ...] = pydantic.Field(default=(), exclude=True)


class AccountsSection(_Section):
    """``[accounts]``: NetSuite account internal ids."""

    inventory_adjustment: str | None = None
    write_off: str | None = None


class Dimensions(_Section):
    """``[billing.centers."NAME"]``: where the costs of a fulfillment center belong."""

    department: str | None = None
    class_: str | None = pydantic.Field(default=None, alias="class")
    location: str | None = None


class BillingSection(_Section):
    """``[billing]``: the ShipBob vendor and the account of each fee.

    Attributes:
        accounts: ShipBob's transaction fee = NetSuite account id.
        tax_account: for taxes that are lines of their own.
        centers: by the name of the fulfillment center, as it stands in charges.
        currencies: currency code = NetSuite currency id, which is sent with the bill.
    """

    vendor: str | None = None
    default_account: str | None = None
    accounts: dict[str, str] = pydantic.Field(default_factory=dict)
    unknown: Literal["default", "park"] = "default"
    forgotten_lines: Literal["park", "default"] = "park"
    taxes: Literal["include", "separate"] = "include"
    tax_account: str | None = None
    subsidiary: str | None = None
    department: str | None = None
    class_: str | None = pydantic.Field(default=None, alias="class")
    location: str | None = None
    centers: dict[str, Dimensions] = pydantic.Field(default_factory=dict)
    currencies: dict[str, str] = pydantic.Field(default_factory=dict)


_ID: Final = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(2199, 12, 31)

BodyField = Annotated[str, pydantic.Field(pattern=BODY_FIELD_PATTERN)]
"""The id of a custom field on a transaction's body."""


class TrackingSection(_Section):
    """``[tracking]``: custom fields of the item fulfilment for a parcel's progress.

    Without ``delivery_status`` the delivery state goes into the memo.
    """

    delivery_status: BodyField | None = None
    delivered_date: BodyField | None = None
    carrier: BodyField | None = None
    service: BodyField | None = None
    tracking_url: BodyField | None = None
    ship_date: BodyField | None = None


class Policies(_Section):
    """``[policies]``: the choices where there is more than one right way."""

    receipts: Literal["increments", "completed"] = "increments"
    over_receipt: Literal["receive", "adjust", "park", "refuse"] = "adjust"
    unmatched_wro: Literal["adjust", "park"] = "adjust"
    unmatched_return: Literal["adjust", "park"] = "adjust"
    closed_period: Literal["next-open", "park"] = "next-open"
    fulfillment: Literal["create", "update"] = "create"
    order_match: OrderMatch = "tranid"
    order_match_by_channel: dict[str, OrderMatch] = pydantic.Field(default_factory=dict)
    quarantine_location: str | None = None
    missing_product: Literal["park", "create"] = "park"
    purchase_unit: Literal["convert", "refuse"] = "convert"
    extra_items: Literal["park", "ignore"] = "park"
    unmatched_shipment: Literal["park", "adjust", "ignore"] = "park"
    mark_tracking: bool = True

    @pydantic.field_validator("order_match_by_channel")
    @classmethod
    def _channels(cls, value: dict[str, OrderMatch]) -> dict[str, OrderMatch]:
        for channel in value:
            if not _ID.fullmatch(channel):
                raise ValueError(f'"{channel}" is no channel id of ShipBob: write its number')
        return value

    @property
    def order_rules(self) -> OrderRules:
        """How sales orders are found, by ShipBob channel."""
        own = self.order_match_by_channel.items()
        return OrderRules(
            rules_of(self.order_match), {int(channel): rules_of(text) for channel, text in own}
        )


class FlowsSection(_Section):
    """``[flows]``: which flows work. One that is off is not swept, and its webhooks are ignored.

    Unidentified receiving goes with ``receiving``; ``billing`` works only with a vendor.
    """

    receiving: bool = True
    purchase_orders: bool = True
    tracking: bool = True
    returns: bool = True
    billing: bool = True
    inventory: bool = True

    def off(self, *, has_vendor: bool) -> frozenset[str]:
        """Return the keys of the flows that are off.

        Args:
            has_vendor: whether ``[billing]`` names the vendor of ShipBob's bills.
        """
        no_vendor = frozenset() if has_vendor else frozenset({"billing"})
        return no_vendor | {key for key, is_on in self.model_dump().items() if not is_on}


Prefix = Annotated[str, pydantic.Field(min_length=1, max_length=100)]


class IgnoreSection(_Section):
    """``[ignore]``: what is never the books' business: shown as refused, with the rule's name.

    Attributes:
        channels: ShipBob channel ids: their orders, parcels and returns.
        order_prefixes: how the reference or number of an order at ShipBob begins.
        wro_prefixes: how the number of a WRO, or of a purchase order, begins.
        return_prefixes: how the reference of a return begins.
        tags: of orders at ShipBob: the name of one, or ``NAME=VALUE``.
    """

    channels: tuple[ChannelId, ...] = ()
    order_prefixes: tuple[Prefix, ...] = ()
    wro_prefixes: tuple[Prefix, ...] = ()
    return_prefixes: tuple[Prefix, ...] = ()
    tags: tuple[Prefix, ...] = ()


class Schedule(_Section):
    """``[schedule]``: the merchant's time zone, and when flows are swept."""

    timezone: str = "UTC"
    purchase_orders: str = "06:00"
    sweep: str = "15m"
    billing: str = "1h"
    inventory: str = "05:00"

    @pydantic.field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                f'"{value}" is no time zone; write it like "America/Chicago"'
            ) from None
        return value

    @pydantic.field_validator("purchase_orders", "sweep", "billing", "inventory")
    @classmethod
    def _known_time(cls, value: str) -> str:
        every(value)
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The merchant's time zone."""
        return ZoneInfo(self.timezone)


class RequestLimits(_Section):
    """``[limits]``: our share of the limits of both systems."""

    netsuite_concurrency: Annotated[int, pydantic.Field(ge=1, le=100)] = 4
    shipbob_per_minute: Annotated[int, pydantic.Field(ge=1, le=1_000_000)] = 120


class AlarmsSection(_Section):
    """``[alarms]``: Apprise addresses to tell, and how long a subject may wait without one.

    Attributes:
        parked_after: of one that is stopped.
        retrying_after: of one that is tried again and again.
    """

    urls: tuple[SecretText, ...] = pydantic.Field(default=(), exclude=True)
    parked_after: str = "1d"
    retrying_after: str = "1h"

    @pydantic.field_validator("parked_after", "retrying_after")
    @classmethod
    def _an_interval(cls, value: str) -> str:
        interval(value)
        return value

    @property
    def parked_for(self) -> timedelta:
        """How long a stopped subject may wait."""
        return interval(self.parked_after)

    @property
    def retrying_for(self) -> timedelta:
        """How long a subject may be tried again."""
        return interval(self.retrying_after)


class ConnectionSettings(_Section):
    """One connection. Secrets are never part of ``model_dump``.

    Attributes:
        mode: None where the file leaves it out: a new connection plans and records only
            (dry-run), one that is there keeps its mode.
    """

    name: Annotated[str, pydantic.Field(pattern=NAME_PATTERN)]
    mode: Mode | None = None
    start_date: date | None = None
    netsuite: NetSuiteSection
    shipbob: ShipBobSection
    locations: dict[str, str] = pydantic.Field(default_factory=dict)
    skus: dict[str, str] = pydantic.Field(default_factory=dict)
    accounts: AccountsSection = AccountsSection()
    billing: BillingSection = BillingSection()
    tracking: TrackingSection = TrackingSection()
    policies: Policies = Policies()
    flows: FlowsSection = FlowsSection()
    ignore: IgnoreSection = IgnoreSection()
    schedule: Schedule = Schedule()
    limits: RequestLimits = RequestLimits()
    alarms: AlarmsSection = AlarmsSection()

    @pydantic.field_validator("start_date")
    @classmethod
    def _countable(cls, value: date | None) -> date | None:
        if value is not None and not _FIRST_DAY <= value <= _LAST_DAY:
            raise ValueError(f"write a date from {_FIRST_DAY} to {_LAST_DAY}")
        return value

    @pydantic.field_validator("locations")
    @classmethod
    def _centers(cls, value: dict[str, str]) -> dict[str, str]:
        for center in value:
            if not _ID.fullmatch(center):
                raise ValueError(
                    f'"{center[:40]}" is no fulfillment center of ShipBob: write its number'
                )
        return value

    @property
    def flows_off(self) -> frozenset[str]:
        """The keys under ``[flows]`` of the flows that are off."""
        return self.flows.off(has_vendor=self.billing.vendor is not None)

    def secrets(self) -> dict[str, Secret]:
        """Return the secrets in the file, by the name under which they are stored."""
        given = {
            "netsuite.private_key": self.netsuite.private_key,
            "shipbob.token": self.shipbob.token,
            "shipbob.client_secret": self.shipbob.client_secret,
            "shipbob.refresh_token": self.shipbob.refresh_token,
        }
        kept = {field: secret for field, secret in given.items() if secret is not None}
        for number, secret in enumerate(self.shipbob.webhook_secrets):
            kept[f"shipbob.webhook_secrets.{number}"] = secret
        for number, secret in enumerate(self.alarms.urls):
            kept[f"alarms.urls.{number}"] = secret
        return kept


def read(path: Path) -> ConnectionSettings:
    """Read a connection file, with the values it takes from the environment and from files.

    Raises:
        UserError: the file is malformed, a key is unknown (it names the nearest known one), a
            value has the wrong form, or a variable or file is missing. It says line and key.
    """
    table, text = toml_file.read(path)
    resolved = _resolve(table, path, text, ())
    try:
        return ConnectionSettings.model_validate(resolved)
    except pydantic.ValidationError as error:
        raise toml_file.explain(path, text, ConnectionSettings, error) from error


def interval(value: str) -> timedelta:
    """Return an interval (``15m``).

    Raises:
        ValueError: it is none, such as a time of day.
    """
    found = every(value)
    if not isinstance(found, timedelta):
        raise ValueError('write an interval like "4h" or "1d"')  # noqa: TRY004 - pydantic wants a ValueError
    return found


_INTERVAL: Final = re.compile(r"([0-9]{1,5})\s*(s|m|h|d)")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def every(value: str) -> timedelta | time:
    """Return an interval (``15m``) or a daily wall-clock time (``06:00``).

    Raises:
        ValueError: it is neither.
    """
    interval = _INTERVAL.fullmatch(value)
    if interval and int(interval[1]) > 0:
        return timedelta(**{_UNITS[interval[2]]: int(interval[1])})
    try:
        if re.fullmatch(r"[0-9]{2}:[0-9]{2}", value):
            return time.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError('write a time of day like "06:00" or an interval like "15m", "1h", "1d"')


def _resolve(value: Any, path: Path, text: str, keys: tuple[str, ...]) -> Any:
    """Replace ``env:NAME`` and ``file:PATH`` by their values, everywhere in the table."""
    if isinstance(value, Mapping):
        return {key: _resolve(inner, path, text, (*keys, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolve(inner, path, text, keys) for inner in value]
    if not isinstance(value, str):
        return value
    line = toml_file.line_of(text, keys)
    place = f"{path}, {'line ' + str(line) + ', ' if line else ''}key {'.'.join(keys)}"
    if value.startswith("env:"):
        return _from_environment(value.removeprefix("env:"), place)
    if value.startswith("file:"):
        return _from_file(path.parent / value.removeprefix("file:"), place)
    return value


def _from_environment(name: str, place: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise UserError(
            f"The environment variable {name} is not set",
            where=place,
            next_step=f"Set {name} and run the same command again.",
        )
    return value


def _from_file(path: Path, place: str) -> str:
    try:
        return text_of(path.expanduser()).strip()
    except FileNotFoundError:
        what = f"The file {path} does not exist"
    except RuntimeError:
        what = f"The file {path} lies in the home of somebody who is not known here"
    except (OSError, UnicodeDecodeError) as error:
        what = f"The file {path} can't be read ({getattr(error, 'strerror', 'not text')})"
    raise UserError(what, where=place, next_step="Check the path and its permissions.")

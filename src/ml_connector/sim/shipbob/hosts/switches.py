"""What varies between live accounts or was merely reported, to be switched from anywhere."""

from datetime import timedelta
from typing import Any

import msgspec

from ml_connector.sim.shipbob.account import Books, locked
from ml_connector.sim.shipbob.hosts.hosts import Hosts


class Settings(msgspec.Struct, kw_only=True):
    """All switches as they stand. Each is explained where it takes effect.

    Attributes:
        per_minute: the rate limit; 0 for none (``Limit``).
        login_redirect: an address for 302 instead of 401 (``Gate``).
        consent_automatic: nobody is asked (``Consent``).
        loopback_http: plain http to this machine is a webhook address (``AccountApi``).
        one_string_of_scopes: as in version 1.0 (``AccountApi``).
        topics_not_offered: webhook topics that are unknown to this account (``AccountApi``).
        received_lags: WRO and box counters disagree (``wro_view``).
        stowed_lags: in so many answers to come, a WRO shows what was stowed before the last
            stowing (``wro_view``).
        completed_written: what stands in place of the moment of a WRO's completion (``wro_view``).
        listed_after_seconds: a new WRO is listed later (``ReceivingApi``).
        empty_past_the_end: a page past the end has no body (``ReceivingApi``).
        page_cap: no page of WROs is longer (``ReceivingApi``).
        channel_sees_only_its_own: products of others are invisible (``ProductsApi``).
        spaced_return_statuses: ``Awaiting Arrival`` and ``RTS`` (``ReturnViews``).
        shipped_as_shipment: ``order.shipped`` carries a Shipment (``Events``).
        logistics_account: ``order.shipment.tracking_received`` is sent (``Events``).
        live_invoice_names: invoice types outside the enum (``BillingApi``).
        repeats_cursor: the last page of transactions repeats (``BillingApi``).
        lines_vanish_after_days: charges are forgotten; ``None`` for never (``Billing``).
        fees_appear_after_hours: charges are shown later (``Billing``).
    """

    per_minute: int
    login_redirect: str | None
    consent_automatic: bool
    loopback_http: bool
    one_string_of_scopes: bool
    topics_not_offered: tuple[str, ...]
    received_lags: bool
    stowed_lags: int
    completed_written: str | None
    listed_after_seconds: float
    empty_past_the_end: bool
    page_cap: int
    channel_sees_only_its_own: bool
    spaced_return_statuses: bool
    shipped_as_shipment: bool
    logistics_account: bool
    live_invoice_names: bool
    repeats_cursor: bool
    lines_vanish_after_days: float | None
    fees_appear_after_hours: float


class Switches:
    """Reads and changes the settings of one simulator."""

    def __init__(self, books: Books, hosts: Hosts) -> None:
        self.books = books
        self._hosts = hosts

    @locked
    def switch(self, settings: dict[str, Any] | None = None) -> Settings:
        """Change the settings that are named, and tell them all.

        Args:
            settings: some of the attributes of ``Settings``.

        Raises:
            ValueError: a name is unknown or a value is not of its type.
        """
        now = self._read()
        asked = settings or {}
        unknown = set(asked) - set(Settings.__struct_fields__)
        if unknown:
            raise ValueError(f"Unknown: {sorted(unknown)}. Known: {Settings.__struct_fields__}.")
        changed = msgspec.convert({**msgspec.structs.asdict(now), **asked}, Settings)
        self._write(changed)
        return changed

    def _read(self) -> Settings:
        apis, books = self._hosts.apis, self.books
        vanish = books.billing.lines_vanish_after
        return Settings(
            per_minute=books.limit.per_minute,
            login_redirect=self._hosts.gate.login_redirect,
            consent_automatic=self._hosts.consent_page.automatic,
            loopback_http=apis.account.loopback_http,
            one_string_of_scopes=apis.account.one_string_of_scopes,
            topics_not_offered=apis.account.topics_not_offered,
            received_lags=apis.receiving.received_lags,
            stowed_lags=apis.receiving.stowed_lags,
            completed_written=apis.receiving.completed_written,
            listed_after_seconds=apis.receiving.listed_after.total_seconds(),
            empty_past_the_end=apis.receiving.empty_past_the_end,
            page_cap=apis.receiving.page_cap,
            channel_sees_only_its_own=apis.products.channel_sees_only_its_own,
            spaced_return_statuses=apis.returns.views.spaced,
            shipped_as_shipment=books.events.shipped_as_shipment,
            logistics_account=books.events.logistics_account,
            live_invoice_names=apis.billing.live_names,
            repeats_cursor=apis.billing.repeats_cursor,
            lines_vanish_after_days=None if vanish is None else vanish / timedelta(days=1),
            fees_appear_after_hours=books.billing.fees_appear_after / timedelta(hours=1),
        )

    def _write(self, new: Settings) -> None:
        apis, books = self._hosts.apis, self.books
        days = new.lines_vanish_after_days
        books.limit.per_minute = new.per_minute
        self._hosts.gate.login_redirect = new.login_redirect
        self._hosts.consent_page.automatic = new.consent_automatic
        apis.account.loopback_http = new.loopback_http
        apis.account.one_string_of_scopes = new.one_string_of_scopes
        apis.account.topics_not_offered = new.topics_not_offered
        apis.receiving.received_lags = new.received_lags
        apis.receiving.stowed_lags = new.stowed_lags
        apis.receiving.completed_written = new.completed_written
        apis.receiving.listed_after = timedelta(seconds=new.listed_after_seconds)
        apis.receiving.empty_past_the_end = new.empty_past_the_end
        apis.receiving.page_cap = new.page_cap
        apis.products.channel_sees_only_its_own = new.channel_sees_only_its_own
        apis.returns.views.spaced = new.spaced_return_statuses
        books.events.shipped_as_shipment = new.shipped_as_shipment
        books.events.logistics_account = new.logistics_account
        apis.billing.live_names = new.live_invoice_names
        apis.billing.repeats_cursor = new.repeats_cursor
        books.billing.lines_vanish_after = None if days is None else timedelta(days=days)
        books.billing.fees_appear_after = timedelta(hours=new.fees_appear_after_hours)

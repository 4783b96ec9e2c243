"""Applying a connection: ask both systems, then store the settings and seal the secrets."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from ml_connector.app.alarms.channels import check_channel
from ml_connector.app.connections import asking
from ml_connector.app.connections.accounts import Confirm, confirm_other_accounts, nobody
from ml_connector.app.connections.certificate_changes import note_certificate, past_rotations
from ml_connector.app.connections.changes import SettingChange, changes
from ml_connector.app.connections.checks import Check
from ml_connector.app.connections.credential_changes import (
    is_another_sign_in,
    keep_secrets,
    same_secret,
    settle_tokens,
    stored_secrets,
    without_spent,
)
from ml_connector.app.connections.one_writer import (
    Clash,
    clashes,
    learn,
    new_clashes,
    one_at_a_time,
    refuse_second,
    remedy_of,
)
from ml_connector.app.installation.installation import Installation
from ml_connector.awaited import Awaited
from ml_connector.config.connection import ConnectionSettings
from ml_connector.config.settings import Settings
from ml_connector.engine.inbox.wakeups import run_again, wake
from ml_connector.flows import WAKINGS
from ml_connector.ledger.connections import acts, connections, holds
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.inbox import waits
from ml_connector.ledger.postings import survey
from ml_connector.netsuite.account import Account
from ml_connector.netsuite.sign_in.certificates import check_pair
from ml_connector.netsuite.sign_in.signing import load_key
from ml_connector.shipbob.webhooks.signature import check_secret
from ml_connector.storage.database import Connection
from ml_connector.transport.guard.guard import check_base_url
from ml_connector.transport.http.holds import Reach
from ml_connector.vault.token_keeper import TokenKeeper
from ml_connector.vault.tokens import NewToken, Renew, Token
from ml_connector.words import Mode

_log = structlog.get_logger("apply")

_REFRESH_TOKEN: Final = "shipbob.refresh_token"  # noqa: S105 - the name of a field


Notes = Callable[[Connection], Awaitable[None]]
"""Notes something in the transaction that it is given."""


async def _nothing(_: Connection) -> None:
    """Note nothing."""


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What came of applying a connection.

    Attributes:
        saved: False when a needed check failed.
        changed: False when the same settings and secrets were stored already.
        woken: subjects that run again because of it.
        kept_certificate: id of the certificate that goes on signing in, because rotation has
            replaced the file's; None when the file's is used.
        spent: the file's refresh token was used before, and the newer stored one stays in use.
        held: the connection is held, which applying it does not end.
        mode: that it is in now.
        new: it was not there before.
        changes: of settings of one that was there.
        secrets: the names of secrets that are new, changed or gone.
    """

    saved: bool
    changed: bool
    woken: int
    checks: Sequence[Check]
    kept_certificate: str | None = None
    spent: bool = False
    held: bool = False
    mode: Mode = "dry-run"
    new: bool = False
    changes: Sequence[SettingChange] = ()
    secrets: Sequence[str] = ()

    @property
    def failed(self) -> bool:
        """Whether a check failed without which the connection can't work."""
        return _failed(self.checks)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What both systems said before the connection was saved.

    Attributes:
        channels: all that ShipBob lists; None where it was not asked.
        new_pair: tokens of ShipBob's that have replaced the configured refresh token.
    """

    checks: Sequence[Check] = ()
    channels: Sequence[int] | None = None
    new_pair: NewToken | None = None

    @property
    def failed(self) -> bool:
        return _failed(self.checks)


def _failed(found: Sequence[Check]) -> bool:
    return any(one.outcome != "ok" for one in found if one.needed)


async def apply_connection(
    installation: Installation,
    settings: ConnectionSettings,
    *,
    person: str,
    ping_first: bool,
    confirm: Confirm = nobody,
    tokens: TokenKeeper | None = None,
    noting: Notes = _nothing,
) -> Applied:
    """Create or update a connection. Applying the same again changes nothing.

    A secret that equals the stored one is not stored again, so that a refresh token that was
    spent meanwhile does not come back.

    Args:
        installation: where to.
        settings: what the file says, secrets included.
        person: who applies it, for the record of people's acts.
        ping_first: ask both systems before saving, and save nothing if one can't be used, or
            does not have what the settings name.
        confirm: asks the person before the books of a connection go on with other accounts.
        tokens: keeps those of a connection that is set up just now; None: the file's are used.
        noting: notes, in the transaction that saves it, what else is known of it.

    Raises:
        UserError: something in the settings can't be used, or was not confirmed.
    """
    check(settings)
    await confirm_other_accounts(installation, settings, confirm)
    named = settings.netsuite.certificate_id
    settings = await past_rotations(installation, settings)
    kept = settings.netsuite.certificate_id
    settings, spent = await without_spent(installation, settings)
    asked = await _ask_first(installation, settings, tokens) if ping_first else _Asked()
    # A pair that has replaced the configured refresh token must never be lost.
    if asked.failed and asked.new_pair is None:
        return Applied(saved=False, changed=False, woken=0, checks=asked.checks, spent=spent)
    if asked.failed:
        settings = settings.model_copy(update={"mode": "dry-run"})
    saved = await _save(
        installation, settings, asked, person=person, wakes=ping_first, noting=noting
    )
    if asked.new_pair is not None:
        await installation.tokens.valid(settings.name, "shipbob", _already(asked.new_pair))
    return replace(
        saved,
        kept_certificate=kept if kept != named else None,
        spent=spent,
        held=settings.name in await holds.held(installation.database),
    )


def check(settings: ConnectionSettings) -> None:
    """Check that everything in a connection's settings can be used.

    Raises:
        UserError: an address, a key or a webhook secret can't be used.
    """
    section = settings.netsuite
    Account.of(section.account_id, base_url=section.base_url, restlets_url=section.restlets_url)
    if section.private_key is not None:
        load_key(section.private_key)
        if section.certificate is not None:
            check_pair(section.private_key, section.certificate, now=datetime.now(UTC))
    check_base_url(settings.shipbob.api_url)
    check_base_url(settings.shipbob.auth_url)
    for secret in settings.shipbob.webhook_secrets:
        check_secret(secret)
    for number, url in enumerate(settings.alarms.urls):
        check_channel(url, where=f"alarms.urls, number {number + 1}")


def webhook_url(settings: Settings, name: str) -> str:
    """Return where ShipBob sends a connection's webhooks."""
    base = (settings.public_url or "http://127.0.0.1:8700").rstrip("/")
    return f"{base}/webhooks/shipbob/{name}"


async def _ask_first(
    installation: Installation, settings: ConnectionSettings, tokens: TokenKeeper | None
) -> _Asked:
    complete, keeper = await as_it_would_be(installation, settings)
    keeper = tokens or keeper
    passing = asking.PassingTokens(shipbob=keeper)
    found = await asking.ask_both(installation.reaching(Reach.READS), complete, passing)
    await learn(installation)
    return _Asked(
        checks=found.checks, channels=found.channels, new_pair=passing.renewed.get("shipbob")
    )


async def _save(
    installation: Installation,
    settings: ConnectionSettings,
    asked: _Asked,
    *,
    person: str,
    wakes: bool,
    noting: Notes,
) -> Applied:
    """Store a connection with its secrets, in one transaction.

    Args:
        installation: where to.
        settings: of the connection. Where they leave the mode out, a new connection begins in
            dry-run, and one that is there keeps its mode.
        asked: what both systems said of them.
        person: who applies it.
        wakes: let waiting subjects run again also when nothing is new.
        noting: see ``apply_connection``.

    Raises:
        UserError: another connection of the same accounts is live.
    """
    today = datetime.now(settings.schedule.zone).date()
    async with installation.database.transaction() as on:
        await one_at_a_time(on)
        before = await connections.find(on, settings.name)
        clashed = await clashes(on, settings.name)
        mode = settings.mode or (before.mode if before else "dry-run")
        applied, changed = await connections.save(on, settings, mode=mode, today=today)
        renewed = await keep_secrets(installation, on, settings)
        await note_certificate(installation, on, settings)
        await settle_tokens(
            installation, on, before=before, after=applied, settings=settings, renewed=renewed
        )
        await _keep_channels(on, applied, before, asked, renewed)
        asked, mode = await _one_writer(on, applied, asked, clashed)
        anything_new = changed or bool(renewed)
        woken = 0
        if anything_new or wakes:
            things = await _perhaps_settled(on, applied.name)
            refs = await wake(on, installation.lanes, applied.name, things, because="applied anew")
            woken += len(refs)
        if before is not None and before.mode == "dry-run" and mode == "live":
            woken += await post_what_was_noted(installation, on, applied.name)
        if anything_new:
            await _record(on, person, applied, before, sorted(renewed))
        await noting(on)
    return Applied(
        saved=True,
        changed=anything_new,
        woken=woken,
        checks=asked.checks,
        mode=mode,
        new=before is None,
        changes=changes(_state(before), _state(applied)) if before is not None else (),
        secrets=sorted(renewed),
    )


async def _one_writer(
    on: Connection, applied: AppliedConnection, asked: _Asked, known: Sequence[Clash]
) -> tuple[_Asked, Mode]:
    """See that a connection is not live beside another of its accounts; return its mode.

    Where it brings tokens that must not be lost, it is stored all the same, and in dry-run.

    Raises:
        UserError: it must not be live, and nothing would be lost.
    """
    if asked.new_pair is None:
        await refuse_second(on, applied.name, known=known)
        return asked, applied.mode
    found = await new_clashes(on, applied.name, known=known)
    if not found:
        return asked, applied.mode
    await connections.set_mode(on, applied.name, "dry-run")
    refused = Check(
        system="shipbob",
        name="account",
        outcome="failed",
        found="; ".join(one.sentence for one in found),
        remedy=remedy_of(found),
    )
    return replace(asked, checks=[*asked.checks, refused]), "dry-run"


async def _keep_channels(
    on: Connection,
    applied: AppliedConnection,
    before: AppliedConnection | None,
    asked: _Asked,
    renewed: Collection[str],
) -> None:
    """Keep which channels ShipBob lists; with other credentials, what it listed before is void."""
    if asked.channels is not None:
        await connections.set_channels(on, applied.name, asked.channels)
    elif is_another_sign_in(before, applied, renewed):
        await connections.set_channels(on, applied.name, None)


def _state(applied: AppliedConnection) -> dict[str, Any]:
    return {**applied.stored, "mode": applied.mode}


async def as_it_would_be(
    installation: Installation, settings: ConnectionSettings
) -> tuple[ConnectionSettings, TokenKeeper | None]:
    """Return the settings of a file with the secrets that are stored and not in it.

    Also return the keeper of ShipBob's tokens, when the file brings no new refresh token.
    """
    async with installation.database.transaction() as on:
        applied = await connections.find(on, settings.name)
        if applied is None:
            return settings, None
        stored = await stored_secrets(installation, settings.name, on)
    given = settings.secrets()
    complete = replace(applied, stored=settings.model_dump(mode="json"))
    refresh = given.get(_REFRESH_TOKEN)
    known = _REFRESH_TOKEN in stored and (
        refresh is None or same_secret(stored[_REFRESH_TOKEN], refresh)
    )
    consented = refresh is None and (
        applied.section("shipbob").get("client_id") == settings.shipbob.client_id
        and await installation.tokens.held(settings.name, "shipbob")
    )
    keeper = installation.tokens if known or consented else None
    return complete.settings({**stored, **given}), keeper


def _already(pair: NewToken) -> Renew:
    async def renew(_: Token | None) -> NewToken:
        return pair

    return renew


async def _perhaps_settled(on: Connection, name: str) -> set[Awaited]:
    """Return the awaited things that applying a connection may have brought about.

    A subject whose awaited thing did not come about waits on: converging again does no harm.
    """
    awaited = await waits.waiting(on, name)
    return {thing for thing in awaited if WAKINGS[thing.kind].by_applying}


async def post_what_was_noted(installation: Installation, on: Connection, name: str) -> int:
    """Let the subjects run again whose documents were only noted in a dry run; return how many."""
    refs = await survey.subjects_noted(on, name)
    await run_again(on, installation.lanes, refs, source="wake", topic="the connection went live")
    return len(refs)


async def _record(
    on: Connection,
    person: str,
    applied: AppliedConnection,
    before: AppliedConnection | None,
    secrets: Sequence[str],
) -> None:
    """Record who applied what; of secrets only the names of those new, changed or gone."""
    details = {
        "before": None if before is None else _state(before),
        "after": _state(applied),
        "secrets": secrets,
    }
    await acts.record(on, person, "connection.apply", connection=applied.name, details=details)

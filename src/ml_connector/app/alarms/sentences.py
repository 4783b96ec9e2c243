"""What alarms say: every title, sentence and remedy, and the message around them. Pure.

Who notices the trouble calls one of these and raises the alarm with the answer. A failure of the
two systems brings a sentence and a remedy of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from ml_connector.app.installation.room import Room
from ml_connector.errors import ConnectorError, NeedsHuman
from ml_connector.ledger.alarms.alarms import Group
from ml_connector.ledger.journal.journal import Head
from ml_connector.shipbob.webhooks.signature import FEWEST_BYTES
from ml_connector.words import AlarmKind, Cause

_TITLES: Final[dict[str, str]] = {
    AlarmKind.CREDENTIALS: "credentials are not accepted",
    AlarmKind.CERTIFICATE: "NetSuite's certificate",
    AlarmKind.CONSENT: "ShipBob's consent ends",
    AlarmKind.WEBHOOKS: "webhooks",
    AlarmKind.PARKED: "work waits for long",
    AlarmKind.RETRYING: "work fails again and again",
    AlarmKind.DRIFT: "stock differs",
    AlarmKind.RECONCILIATION: "a month end is not explained",
    AlarmKind.STORAGE: "what is stored, or the room for it",
    AlarmKind.ACCOUNTS: "two connections write to the same accounts",
    AlarmKind.BUG: "a bug",
}

_MOST_SHOWN: Final = 10
"""Alarms named in one message; the others are counted."""

_SYNC: Final = "Run: ml-connector sync webhooks."
_CLOCK: Final = "Check the clock of this machine (timedatectl)."


class AlarmText(NamedTuple):
    """What an alarm says.

    Attributes:
        sentence: what is wrong.
        remedy: what to do.
    """

    sentence: str
    remedy: str


_REFUSALS: Final[Mapping[str, AlarmText]] = {
    "no_secret": AlarmText(
        "the connection has no webhook secret",
        "Run ml-connector sync webhooks, or put webhook_secrets into the connection's file.",
    ),
    "not_stored": AlarmText(
        "the database did not store them in time",
        "See whether it stores anything now: ml-connector alarms list, and /readyz. ShipBob sends"
        " them again, and the sweep finds what was missed.",
    ),
    "secrets_unusable": AlarmText(
        f"a webhook secret can't be opened, or is shorter than {FEWEST_BYTES} bytes",
        "Put the master key back that they are sealed with, or apply the connection's file"
        " again and run ml-connector webhooks rotate, which makes new ones.",
    ),
    "missing_header": AlarmText(
        "the signature's headers were missing",
        "See that the proxy passes webhook-id, webhook-timestamp and webhook-signature on."
        " Subscriptions of ShipBob's API 1.0 are unsigned: remove them.",
    ),
    "malformed_header": AlarmText(
        "the signature's headers could not be read",
        "See that the proxy passes webhook-id, webhook-timestamp and webhook-signature on as"
        " they are.",
    ),
    "wrong_signature": AlarmText(
        "the signature does not fit any secret",
        "Run ml-connector webhooks rotate: it makes new subscriptions with known secrets. If"
        " it goes on, something on the way changes the body.",
    ),
    "signed_with_secret_text": AlarmText(
        "it was signed with the text of the secret instead of the key that it stands for",
        "Whoever sends this must decode the base64 after whsec_. ShipBob does.",
    ),
    "not_json": AlarmText(
        "the body was signed rightly and is no JSON",
        "See its beginning in ml-connector webhooks list, and report it. The sweep finds what it"
        " was about.",
    ),
    "too_old": AlarmText(
        "the timestamp is too old: our clock is ahead, or the delivery was held up", _CLOCK
    ),
    "too_new": AlarmText("the timestamp is in the future: our clock is behind", _CLOCK),
}


def little_room(room: Room) -> AlarmText:
    """Say that little room is left on a disk."""
    return AlarmText(
        f"{room.free_bytes / 1024**2:.0f} of {room.size_bytes / 1024**2:.0f} MiB are free where"
        f" {room.place} is. When none is left, no webhook can be stored",
        "Make room there, or give that file system more. The oldest bodies of events can be"
        " exported and deleted: ml-connector events bodies.",
    )


def takes_no_writes(reason: str) -> AlarmText:
    """Say that the database stores nothing."""
    return AlarmText(
        f"The database stores nothing: {reason}",
        "If the disk is full, make room on it; else see the database's log. Webhooks are answered"
        " with 503 until then, and ShipBob sends them again for about a day.",
    )


def message_of(group: Group, head: Head | None) -> tuple[str, str]:
    """Return title and text of the message about a group.

    It names the last row of the journal's chain. That is then known outside the database, where
    somebody who rewrites the journal can't change it.
    """
    what = _TITLES.get(group.kind, group.kind)
    count = f" ({len(group.alarms)})" if len(group.alarms) > 1 else ""
    lines: list[str] = []
    for alarm in group.alarms[:_MOST_SHOWN]:
        lines.append(f"- {alarm.sentence}.")
        if alarm.remedy:
            lines.append(f"  What to do: {alarm.remedy}")
        lines.append(f"  Since {alarm.raised_at:%Y-%m-%d %H:%M} UTC.")
    if len(group.alarms) > _MOST_SHOWN:
        lines.append(f"- and {len(group.alarms) - _MOST_SHOWN} more.")
    lines += ["", f"All of it: ml-connector alarms list --connection {group.connection}"]
    if head is not None:
        lines.append(f"The journal's head: {head.number}:{head.hash}")
    return f"ml-connector {group.connection}: {what}{count}", "\n".join(lines)


def stopped(row: Mapping[str, Any], kind: AlarmKind) -> AlarmText:
    """Say which subjects of a flow are stopped by one cause.

    Args:
        row: of ``outcomes.stopped``.
        kind: what its cause comes under.
    """
    if kind is AlarmKind.DRIFT:
        return AlarmText(_drift(row), _drift_remedy(row))
    sentence = (
        f"{row['flow']} {_named(row)} stopped ({row['cause']}), the oldest at"
        f" {row['oldest']:%Y-%m-%d %H:%M} UTC: {row['sentences'][0]}"
    )
    return AlarmText(sentence, _first_remedy(row))


def retrying(row: Mapping[str, Any]) -> AlarmText:
    """Say which subjects of a flow are tried again and again, and what the other system says.

    Args:
        row: of ``outcomes.retrying``.
    """
    return AlarmText(
        f"{row['flow']} {_named(row)} tried again without success ({row['cause']}), the oldest"
        f" since {row['oldest']:%Y-%m-%d %H:%M} UTC, {row['attempts']} times:"
        f" {row['sentences'][0]}",
        "It goes on being tried. See whether the other system works for others (its status page;"
        " ml-connector ping), and what it says of this record: ml-connector events list --status"
        " retrying.",
    )


def _drift(row: Mapping[str, Any]) -> str:
    """Return which locations differ, and for the first few of them which SKUs and by how much."""
    locations = "1 location" if row["count"] == 1 else f"{row['count']} locations"
    return (
        f"Stock differs at {locations} ({_named(row)}), first seen at"
        f" {row['oldest']:%Y-%m-%d %H:%M} UTC. {'. '.join(row['sentences'])}"
    )


def _drift_remedy(row: Mapping[str, Any]) -> str:
    first = _first_remedy(row)
    if row["count"] == 1:
        return first
    return (
        f"At location {row['keys'][0]}: {first}"
        " All locations, with a remedy for each SKU: ml-connector plan inventory"
    )


def _first_remedy(row: Mapping[str, Any]) -> str:
    return str(row["remedy"] or "See ml-connector events list --status dead.")


def _named(row: Mapping[str, Any]) -> str:
    more = row["count"] - len(row["keys"])
    return ", ".join(row["keys"]) + (f" and {more} more" if more else "")


def unreadable(found: Sequence[NeedsHuman]) -> AlarmText:
    """Say what is stored of a connection and can't be read: its secrets, or its settings.

    Args:
        found: at least one.
    """
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return AlarmText(f"{found[0]}{more}", found[0].remedy)


def credentials_refused(error: ConnectorError) -> AlarmText:
    """Say that a system refuses a connection's credentials."""
    return AlarmText(str(error), error.remedy)


def consent_ends(days_left: int) -> AlarmText:
    """Say that ShipBob's consent ends because it could not be renewed."""
    return AlarmText(
        f"ShipBob's consent could not be renewed for long; it ends in {max(0, days_left)} days",
        "See why in ml-connector alarms list and the log (token_not_renewed). If it"
        " can't be repaired in time: ml-connector connection consent.",
    )


def when_certificate_ends(valid_until: datetime, now: datetime, *, account_id: str) -> str:
    """Say when a certificate ends."""
    what = _certificate(account_id)
    if valid_until <= now:
        return f"{what} ended on {valid_until:%Y-%m-%d}"
    hours = (valid_until - now) / timedelta(hours=1)
    left = f"{hours / 24:.0f} days" if hours > 2 * 24 else f"{hours:.0f} hours"
    return f"{what} ends on {valid_until:%Y-%m-%d}, in {left}"


def certificate_ends(
    valid_until: datetime, now: datetime, *, account_id: str, remedy: str
) -> AlarmText:
    """Say that a certificate ends soon, or has ended."""
    sentence = when_certificate_ends(valid_until, now, account_id=account_id)
    return AlarmText(sentence, remedy)


def certificate_remedy(
    connection: str,
    *,
    over: bool,
    renewed_from: datetime | None,
    failure: ConnectorError | None,
) -> str:
    """Say what to do about a certificate that ends.

    Args:
        connection: its name.
        over: whether the certificate has ended.
        renewed_from: when it is renewed by itself; None: never.
        failure: why it could not be asked about or renewed.
    """
    renew = f"ml-connector connection certificate {connection} --renew"
    if failure is not None and failure.cause is Cause.PERMISSION_MISSING:
        return failure.remedy
    if over:
        return (
            f"Replace it by hand: ml-connector connection certificate {connection} makes a new"
            " pair and says what to upload where."
        )
    if renewed_from is not None:
        return (
            f"Nothing: it is renewed by itself from {renewed_from:%Y-%m-%d} on."
            f" To do it now: {renew}."
        )
    return f"In dry-run mode it is not renewed by itself. To do it: {renew}."


def certificate_not_renewed(account_id: str, failure: ConnectorError) -> AlarmText:
    """Say that the renewal of a certificate stopped."""
    return AlarmText(f"{_certificate(account_id)} could not be renewed: {failure}", failure.remedy)


def _certificate(account_id: str) -> str:
    return f"The certificate that signs in to NetSuite account {account_id}"


def subscriptions_not_right(sentence: str, remedy: str) -> AlarmText:
    """Say why the webhook subscriptions could not be put right; without a remedy: try again."""
    return AlarmText(sentence, remedy or _SYNC)


def subscriptions_refused(first: str) -> AlarmText:
    """Say that ShipBob refused every webhook subscription.

    Args:
        first: why the first was refused.
    """
    return AlarmText(f"ShipBob refused every webhook subscription: {first}", _SYNC)


def subscription_was_disabled(subscription: str) -> AlarmText:
    """Say that a subscription had been disabled, and was made anew."""
    return AlarmText(
        f"ShipBob had disabled webhook subscription {subscription}: all its deliveries"
        " had failed for five days. It was made anew; the sweep finds what was missed",
        "See why this service could not be reached: ml-connector webhooks test.",
    )


def webhooks_silent(last: datetime | None, found: int) -> AlarmText:
    """Say that webhooks have stopped coming.

    Args:
        last: when the last one came; None: none has come yet.
        found: how many changes the sweep found that none told of.
    """
    came = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "yet"
    return AlarmText(
        f"No webhook has come {came}, and the sweep found {found} changes in the last"
        " day that none told of",
        "Run ml-connector webhooks test, then ml-connector webhooks list. What was missed"
        " is found by the sweep.",
    )


def webhooks_refused(reason: str) -> AlarmText:
    """Say that we refuse deliveries, and why."""
    sentence, remedy = refusal_explained(reason)
    return AlarmText(f"Webhooks are refused: {sentence}", remedy)


def refusal_explained(reason: str) -> AlarmText:
    """Say what a reason for refusing deliveries means, and what to do."""
    return _REFUSALS.get(reason) or AlarmText(reason, "See the log of the service.")


def clock_differs(offset_seconds: float) -> AlarmText:
    """Say that our clock differs noticeably from ShipBob's."""
    return AlarmText(f"This machine's clock is {clock_offset(offset_seconds)}", _CLOCK)


def clock_offset(seconds: float) -> str:
    """Say how our clock stands to ShipBob's."""
    if abs(seconds) < 1:
        return "within a second of ShipBob's"
    return f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} ShipBob's"


def sweep_is_blind(flow: str, sentence: str, remedy: str) -> AlarmText:
    """Say that a flow's sweep does not see all of its source, and why."""
    return AlarmText(f"The sweep of {flow} does not see everything: {sentence}", remedy)


def two_writers(clash: str, remedy: str) -> AlarmText:
    """Say that two live connections are of the same accounts.

    Args:
        clash: which two, and what they share.
        remedy: what to do.
    """
    return AlarmText(f"{clash}, and both are live: goods are announced and booked twice", remedy)


def month_not_explained(month: str, differences: int) -> AlarmText:
    """Say that a month end leaves differences."""
    return AlarmText(
        f"The month end of {month} leaves {differences}"
        f" difference{'s' if differences > 1 else ''} unexplained",
        f"Follow the remedies in the report, then run ml-connector reconcile {month} again.",
    )

"""Which webhook subscriptions to keep, make and remove (ShipBob reference, section 7.1). Pure.

A subscription can't be changed, and the same topic may be subscribed several times. So for each
group of topics one subscription is kept, and the others with our own address are removed.
Subscriptions with other addresses belong to others and are never touched.

Assumptions: SB-014, SB-018.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from ml_connector.shipbob.payloads import WebhookSubscription

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class SubscriptionPlan:
    """What should be done.

    Attributes:
        keep: by group, the subscription that stays.
        create: by group, the topics to subscribe to.
        remove: by id, why to remove a subscription, after all of ``create`` was made.
    """

    keep: Mapping[str, WebhookSubscription]
    create: Mapping[str, tuple[str, ...]]
    remove: Mapping[str, str]


def plan_subscriptions(
    existing: Sequence[WebhookSubscription],
    *,
    url: str,
    groups: Mapping[str, Sequence[str]],
    known: Collection[str],
    trust_unknown: bool,
    replace_all: bool = False,
) -> SubscriptionPlan:
    """Compare what there is with what is wanted.

    Args:
        existing: all subscriptions that ShipBob lists for our application.
        url: where this connection's webhooks should go.
        groups: topics by name of the group, one subscription each.
        known: ids of the subscriptions that we made and whose secret we hold.
        trust_unknown: secrets were entered by hand, so a subscription that we did not make may
            be signed with one of them. A matching one is kept then.
        replace_all: keep none, because all secrets are rotated.
    """
    ours = [one for one in existing if one.id in known or same_address(one.url, url)]
    usable = [one for one in ours if _delivers_to(one, url) and (one.id in known or trust_unknown)]
    keep = {} if replace_all else _best_of_each(groups, usable, known)
    kept = {one.id for one in keep.values()}
    return SubscriptionPlan(
        keep=keep,
        create={
            group: tuple(topics)
            for group, topics in groups.items()
            if group not in keep and topics
        },
        remove={
            one.id: _reason(one, url, known, groups, replace_all=replace_all)
            for one in ours
            if one.id not in kept
        },
    )


def _delivers_to(one: WebhookSubscription, url: str) -> bool:
    return one.enabled is not False and same_address(one.url, url)


def _best_of_each(
    groups: Mapping[str, Sequence[str]],
    usable: Sequence[WebhookSubscription],
    known: Collection[str],
) -> dict[str, WebhookSubscription]:
    """Return the subscription to keep of each group that has one with exactly its topics."""
    best: dict[str, WebhookSubscription] = {}
    for group, topics in groups.items():
        fitting = [one for one in usable if set(one.topics) == set(topics)]
        if fitting:
            best[group] = min(fitting, key=lambda one: _rank(one, known))
    return best


def same_address(one: str, other: str) -> bool:
    """Whether two webhook addresses lead to the same place."""
    return _address(one) == _address(other)


def _address(url: str) -> tuple[str, str, int | None, str, str]:
    try:
        parts = urlsplit(url.strip())
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme.lower())
    except ValueError:
        return ("", "", None, url, "")
    host = (parts.hostname or "").lower()
    return (parts.scheme.lower(), host, port, parts.path.rstrip("/"), parts.query)


def _rank(one: WebhookSubscription, known: Collection[str]) -> tuple[bool, datetime, str]:
    """Return the order of choice: first those whose secret we know, then the oldest."""
    return (one.id not in known, one.created_at or _LONG_AGO, one.id)


def _reason(
    one: WebhookSubscription,
    url: str,
    known: Collection[str],
    groups: Mapping[str, Sequence[str]],
    *,
    replace_all: bool,
) -> str:
    if replace_all:
        return "its secret is rotated"
    if not same_address(one.url, url):
        return "it goes to an address of before"
    if one.enabled is False:
        return "ShipBob had disabled it"
    if one.id not in known:
        return "its secret is not known"
    if all(set(one.topics) != set(topics) for topics in groups.values()):
        return "its topics are not wanted like this"
    return "there is another one like it"

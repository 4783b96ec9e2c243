"""Bringing the webhook subscriptions at ShipBob to what they should be.

Source: ShipBob reference, section 7.1. A new one is made, and its secret stored, before an old
one is removed; what ShipBob refuses costs only its own group.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

import structlog

from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections import subscriptions
from ml_connector.ledger.connections.subscriptions import SECRET_FIELD, OwnSubscription
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.payloads import WebhookSubscription
from ml_connector.shipbob.webhooks.subscription_plan import SubscriptionPlan, plan_subscriptions
from ml_connector.shipbob.webhooks.topics import TOPIC_GROUPS
from ml_connector.words import Cause

State = Literal["kept", "made", "refused", "to make"]

_DESCRIPTION: Final = "ml-connector: {group}"

# What happened before the new subscription was made is told to the old one only, and what is
# under way to a removed one may be dropped. A delivery that failed comes again after 5 seconds
# (section 7.5); the later attempts are left to the sweeps.
_UNDER_WAY_SECONDS: Final = 8.0

_log = structlog.get_logger("webhooks")


@dataclass(frozen=True, kw_only=True)
class GroupOutcome:
    """What became of one group of topics.

    Attributes:
        id: ShipBob's id of the subscription; empty where there is none.
        topics: what is subscribed to.
        left_out: topics that ShipBob does not take.
        sentence: what ShipBob said about them.
    """

    group: str
    state: State
    id: str = ""
    topics: Sequence[str] = ()
    left_out: Sequence[str] = ()
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class SubscriptionChanges:
    """What a comparison came to.

    Attributes:
        removed: what was removed, with the reason; in a dry run what would be.
        recreated: subscriptions that ShipBob had disabled, among the removed.
    """

    url: str
    dry_run: bool
    groups: Sequence[GroupOutcome]
    removed: Mapping[str, str] = field(default_factory=dict)

    @property
    def recreated(self) -> list[str]:
        """Ids of the removed subscriptions that ShipBob had disabled."""
        return [one for one, reason in self.removed.items() if "disabled" in reason]

    @property
    def works(self) -> bool:
        """Whether there is a subscription for anything at all."""
        return any(one.state != "refused" for one in self.groups)


class Subscriptions:
    """One comparison of what there is at ShipBob with what there should be.

    Args:
        installation: where.
        client: makes the subscriptions.
        settings: of the connection.
        url: where deliveries go.
        dry_run: write nothing to ShipBob; tell what would be done.
    """

    def __init__(
        self,
        installation: Installation,
        client: ShipBob,
        settings: ConnectionSettings,
        *,
        url: str,
        dry_run: bool,
    ) -> None:
        self._database = installation.database
        self._vault = installation.vault
        self._client = client
        self._settings = settings
        self._name = settings.name
        self._url = url
        self._dry_run = dry_run

    async def do(
        self, others: Sequence[ShipBob], *, rotate: bool, ask_again: bool
    ) -> SubscriptionChanges:
        """Compare, and make it so.

        Args:
            others: clients with other credentials of the same account.
            rotate: make all anew, with new secrets.
            ask_again: ask for topics that ShipBob refused before, too.

        Raises:
            ConnectorError: ShipBob can't be asked, or does not permit it.
        """
        existing = await self._client.subscriptions.every()
        async with self._database.transaction() as on:
            made = await subscriptions.made(on, self._name)
            refused = await subscriptions.refused(on, self._name)
        known = {one.id for one in made if one.retired_at is None}
        wanted = {
            group: [
                topic
                for topic in topics
                if group not in refused or topic not in refused[group].topics
            ]
            for group, topics in TOPIC_GROUPS.items()
        }
        plan = plan_subscriptions(
            existing,
            url=self._url,
            groups=wanted,
            known=known,
            trust_unknown=bool(self._settings.shipbob.webhook_secrets),
            replace_all=rotate,
        )
        outcomes: list[GroupOutcome] = []
        still_needed: set[str] = set()
        for group, topics in TOPIC_GROUPS.items():
            memory = refused.get(group)
            stale = memory is not None and (
                ask_again or datetime.now(UTC) - memory.refused_at > subscriptions.ASK_AGAIN_AFTER
            )
            outcome = await self._see_to(group, topics, plan, memory, ask_again=stale)
            outcomes.append(outcome)
            if outcome.state == "refused":
                still_needed |= set(topics)
        removed = self._to_remove(existing, plan, outcomes, still_needed)
        if not self._dry_run:
            if any(one.state == "made" for one in outcomes) and removed.keys() & {
                one.id for one in existing if one.enabled is not False and one.id in known
            }:
                await asyncio.sleep(_UNDER_WAY_SECONDS)
            for id_, reason in removed.items():
                await self._delete(self._client, id_, reason)
        for other in others:
            removed |= await self._remove_strays(other)
        await self._tidy(made, existing, removed)
        if not self._dry_run and not (plan.keep or any(one.id for one in outcomes)):
            # Not these topics were refused, but something that they all share.
            async with self._database.transaction() as on:
                for group in TOPIC_GROUPS:
                    await subscriptions.forget_refused(on, self._name, group)
        return SubscriptionChanges(
            url=self._url, dry_run=self._dry_run, groups=outcomes, removed=removed
        )

    async def _see_to(
        self,
        group: str,
        topics: Sequence[str],
        plan: SubscriptionPlan,
        memory: subscriptions.RefusedTopics | None,
        *,
        ask_again: bool,
    ) -> GroupOutcome:
        kept = plan.keep.get(group)
        if memory is None or not ask_again:
            if kept is not None:
                return _kept(group, kept, memory)
            if group not in plan.create:
                assert memory is not None  # noqa: S101 - a group without topics was refused whole
                return GroupOutcome(
                    group=group,
                    state="refused",
                    left_out=tuple(topics),
                    sentence=memory.sentence,
                )
            return await self._make(group, plan.create[group], memory)
        if self._dry_run:
            return GroupOutcome(group=group, state="to make", topics=tuple(topics))
        return await self._make(group, topics, None, fallback=kept)

    async def _make(
        self,
        group: str,
        topics: Sequence[str],
        memory: subscriptions.RefusedTopics | None,
        *,
        fallback: WebhookSubscription | None = None,
    ) -> GroupOutcome:
        """Subscribe; where ShipBob names topics that it does not take, to the others."""
        left_out = tuple(sorted(memory.topics)) if memory else ()
        if self._dry_run:
            return GroupOutcome(
                group=group, state="to make", topics=tuple(topics), left_out=left_out
            )
        try:
            id_ = await self._subscribe(group, topics)
        except NeedsHuman as error:
            if error.cause is not Cause.REFUSED_BY_SHIPBOB:
                raise
            # What ShipBob said comes after what we asked for, which names them all.
            said = str(error).rpartition(", ".join(topics))[2]
            named = [topic for topic in topics if _names(said, topic)]
            rest = [topic for topic in topics if topic not in named]
            gone = sorted({*left_out, *(named or topics)})
            async with self._database.transaction() as on:
                await subscriptions.note_refused(on, self._name, group, gone, str(error))
            now = subscriptions.RefusedTopics(
                topics=frozenset(gone), sentence=str(error), refused_at=datetime.now(UTC)
            )
            _log.warning("topics_refused", connection=self._name, group=group, reason=str(error))
            if not named or not rest:
                return GroupOutcome(
                    group=group, state="refused", left_out=gone, sentence=str(error)
                )
            if fallback is not None and set(fallback.topics) == set(rest):
                return _kept(group, fallback, now)
            return await self._make(group, rest, now)
        if not left_out:
            async with self._database.transaction() as on:
                await subscriptions.forget_refused(on, self._name, group)
        return GroupOutcome(
            group=group,
            state="made",
            id=id_,
            topics=tuple(topics),
            left_out=left_out,
            sentence=memory.sentence if memory else "",
        )

    async def _subscribe(self, group: str, topics: Sequence[str]) -> str:
        """Make a subscription and store its secret at once; return its id."""
        new = await self._client.subscriptions.create(
            self._url,
            topics,
            description=_DESCRIPTION.format(group=group),
        )
        id_ = new.subscription.id
        async with self._database.transaction() as on:
            await self._vault.put(self._name, f"{SECRET_FIELD}{id_}", new.secret, on=on)
            await subscriptions.add(
                on, self._name, id_=id_, group=group, topics=topics, url=self._url
            )
        _log.info("subscribed", connection=self._name, group=group, subscription=id_)
        return id_

    def _to_remove(
        self,
        existing: Sequence[WebhookSubscription],
        plan: SubscriptionPlan,
        outcomes: Sequence[GroupOutcome],
        still_needed: set[str],
    ) -> dict[str, str]:
        """What is not wanted, unless nothing stands in for it; with the reason."""
        in_use = {one.id for one in outcomes if one.id}
        removed: dict[str, str] = {}
        doomed = dict(plan.remove)
        for group, kept in plan.keep.items():
            if kept.id not in in_use:
                doomed[kept.id] = f"another one covers more of {group}"
        for one in existing:
            if one.id not in doomed or one.id in in_use:
                continue
            if one.enabled is not False and still_needed & set(one.topics):
                continue
            removed[one.id] = doomed[one.id]
        return removed

    async def _remove_strays(self, other: ShipBob) -> dict[str, str]:
        strays = plan_subscriptions(
            await other.subscriptions.every(),
            url=self._url,
            groups={},
            known=(),
            trust_unknown=False,
        )
        removed = dict.fromkeys(
            strays.remove, "it was made with the connection's other credential"
        )
        for id_, reason in removed.items():
            await self._delete(other, id_, reason)
        return removed

    async def _delete(self, client: ShipBob, id_: str, reason: str) -> None:
        if self._dry_run:
            return
        await client.subscriptions.delete(id_)
        async with self._database.transaction() as on:
            await subscriptions.retire(on, self._name, [id_], now=datetime.now(UTC))
        _log.info("unsubscribed", connection=self._name, subscription=id_, reason=reason)

    async def _tidy(
        self,
        made: Sequence[OwnSubscription],
        existing: Sequence[WebhookSubscription],
        removed: Mapping[str, str],
    ) -> None:
        """Note what is gone at ShipBob, and forget secrets that nothing is signed with now."""
        if self._dry_run:
            return
        now = datetime.now(UTC)
        there = {one.id for one in existing} - removed.keys()
        async with self._database.transaction() as on:
            gone = [one.id for one in made if one.retired_at is None and one.id not in there]
            await subscriptions.retire(on, self._name, gone, now=now)
            for one in made:
                if (
                    one.retired_at is not None
                    and now - one.retired_at > subscriptions.ACCEPTED_AFTER_RETIRING
                ):
                    await self._vault.delete(self._name, f"{SECRET_FIELD}{one.id}", on=on)
                    await subscriptions.drop(on, self._name, one.id)


def _kept(
    group: str, kept: WebhookSubscription, memory: subscriptions.RefusedTopics | None
) -> GroupOutcome:
    return GroupOutcome(
        group=group,
        state="kept",
        id=kept.id,
        topics=kept.topics,
        left_out=tuple(sorted(memory.topics)) if memory else (),
        sentence=memory.sentence if memory else "",
    )


def _names(text: str, topic: str) -> bool:
    """Whether a text names a topic: as a whole, not as the beginning of a longer one."""
    at = text.find(topic)
    while at >= 0:
        after = text[at + len(topic) : at + len(topic) + 2]
        if not after[:1].isalnum() and not (after[:1] in "._" and after[1:].isalnum()):
            return True
        at = text.find(topic, at + 1)
    return False

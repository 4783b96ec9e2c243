"""Bringing the webhook subscriptions at ShipBob to what they should be.

Source: ShipBob reference, section 7.1. A new one is made, and its secret stored, before an old
one is removed. When ShipBob refuses a group of topics, the other groups are not affected.

Assumptions: SB-014, SB-015.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from ml_connector.app.installation.installation import Installation
from ml_connector.app.webhooks.group_outcomes import (
    GroupOutcome,
    SubscriptionChanges,
    kept_group,
    named_topics,
    refused_topics,
    subscriptions_to_remove,
    without_refused,
)
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.ledger.connections import subscriptions
from ml_connector.ledger.connections.subscriptions import (
    SECRET_FIELD,
    OwnSubscription,
    RefusedTopics,
)
from ml_connector.moments import is_known
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.payloads import WebhookSubscription
from ml_connector.shipbob.webhooks.signature import FEWEST_BYTES, is_long_enough
from ml_connector.shipbob.webhooks.subscription_plan import SubscriptionPlan, plan_subscriptions
from ml_connector.shipbob.webhooks.topics import TOPIC_GROUPS
from ml_connector.words import Cause

_DESCRIPTION: Final = "ml-connector: {group}"

# ShipBob tells only the old subscription of what happened before the new one was made, and may
# drop deliveries under way to a removed subscription. A failed delivery comes again after 5
# seconds (section 7.5), which is waited for; the sweeps find what later attempts would bring.
_UNDER_WAY_SECONDS: Final = 8.0

_log = structlog.get_logger("webhooks")


class Subscriptions:
    """The webhook subscriptions of one connection, compared with what there should be.

    Args:
        installation: where.
        client: makes the subscriptions.
        settings: of the connection.
        url: where deliveries go.
        dry_run: write nothing to ShipBob; return what would be done.
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

    async def reconcile(
        self, others: Sequence[ShipBob], *, rotate: bool, ask_again: bool
    ) -> SubscriptionChanges:
        """Compare what there is with what is wanted; make what is missing, remove the rest.

        Args:
            others: clients with other credentials of the same account.
            rotate: make all anew, with new secrets.
            ask_again: ask for topics that ShipBob refused before, too.

        Raises:
            ConnectorError: ShipBob can't be asked, or does not permit it.
        """
        async with self._database.transaction() as on:
            made = await subscriptions.made(on, self._name)
            refusals = await subscriptions.refused(on, self._name)
        known = {one.id for one in made if one.retired_at is None}
        existing = await self._client.subscriptions.every(needed=known)
        plan = plan_subscriptions(
            existing,
            url=self._url,
            groups=without_refused(refusals),
            known=known,
            trust_unknown=bool(self._settings.shipbob.webhook_secrets),
            replace_all=rotate,
        )
        outcomes = [
            await self._reconcile_group(group, plan, refusals.get(group), ask_again=ask_again)
            for group in TOPIC_GROUPS
        ]
        removed = subscriptions_to_remove(existing, plan, outcomes)
        if not self._dry_run:
            await self._wait_for_what_is_under_way(existing, known, outcomes, removed)
            for id_, reason in removed.items():
                await self._delete(self._client, id_, reason)
        for other in others:
            removed |= await self._remove_strays(other)
        await self._tidy(made, existing, removed)
        if not self._dry_run and not (plan.keep or any(one.id for one in outcomes)):
            # ShipBob refused every group: for a reason that they share, not for these topics.
            await self._forget_refusals(*TOPIC_GROUPS)
        return SubscriptionChanges(
            url=self._url, dry_run=self._dry_run, groups=outcomes, removed=removed
        )

    async def _reconcile_group(
        self,
        group: str,
        plan: SubscriptionPlan,
        refusal: RefusedTopics | None,
        *,
        ask_again: bool,
    ) -> GroupOutcome:
        """Keep or make the subscription of one group of topics.

        Topics that ShipBob refused are asked for again after a day, or when ``ask_again``.
        """
        topics = TOPIC_GROUPS[group]
        kept = plan.keep.get(group)
        if refusal is not None and (
            ask_again or refusal.may_be_asked_for_again(datetime.now(UTC))
        ):
            if self._dry_run:
                return GroupOutcome(group=group, state="to make", topics=tuple(topics))
            return await self._make(group, topics, None, fallback=kept)
        if kept is not None:
            return kept_group(group, kept, refusal)
        if group not in plan.create:
            assert refusal is not None  # noqa: S101 - a group without topics was refused whole
            return GroupOutcome(
                group=group, state="refused", left_out=tuple(topics), sentence=refusal.sentence
            )
        return await self._make(group, plan.create[group], refusal)

    async def _make(
        self,
        group: str,
        topics: Sequence[str],
        refusal: RefusedTopics | None,
        *,
        fallback: WebhookSubscription | None = None,
    ) -> GroupOutcome:
        """Subscribe; when ShipBob names topics that it does not take, subscribe to the others.

        Args:
            group: of topics.
            topics: what to subscribe to.
            refusal: what ShipBob refused of this group before and is not asked for now.
            fallback: a subscription that is kept if ShipBob takes exactly its topics.
        """
        if self._dry_run:
            return GroupOutcome(
                group=group,
                state="to make",
                topics=tuple(topics),
                left_out=refused_topics(refusal),
            )
        try:
            id_ = await self._subscribe(group, topics)
        except NeedsHuman as error:
            if error.cause is not Cause.REFUSED_BY_SHIPBOB:
                raise
            named = named_topics(topics, str(error))
            rest = [topic for topic in topics if topic not in named]
            refusal = await self._note_refusal(group, named or topics, refusal, str(error))
            if not named or not rest:
                return GroupOutcome(
                    group=group,
                    state="refused",
                    left_out=refused_topics(refusal),
                    sentence=refusal.sentence,
                )
            if fallback is not None and set(fallback.topics) == set(rest):
                return kept_group(group, fallback, refusal)
            return await self._make(group, rest, refusal)
        if refusal is None or not refusal.topics:
            await self._forget_refusals(group)
        return GroupOutcome(
            group=group,
            state="made",
            id=id_,
            topics=tuple(topics),
            left_out=refused_topics(refusal),
            sentence=refusal.sentence if refusal else "",
        )

    async def _note_refusal(
        self, group: str, topics: Sequence[str], before: RefusedTopics | None, sentence: str
    ) -> RefusedTopics:
        """Note that ShipBob does not take these topics, beside those that it refused before."""
        all_refused = sorted({*refused_topics(before), *topics})
        async with self._database.transaction() as on:
            await subscriptions.note_refused(on, self._name, group, all_refused, sentence)
        _log.warning("topics_refused", connection=self._name, group=group, reason=sentence)
        return RefusedTopics(
            topics=frozenset(all_refused), sentence=sentence, refused_at=datetime.now(UTC)
        )

    async def _forget_refusals(self, *groups: str) -> None:
        async with self._database.transaction() as on:
            for group in groups:
                await subscriptions.forget_refused(on, self._name, group)

    async def _subscribe(self, group: str, topics: Sequence[str]) -> str:
        """Make a subscription and store its secret at once; return its id."""
        new = await self._client.subscriptions.create(
            self._url,
            topics,
            description=_DESCRIPTION.format(group=group),
        )
        id_ = new.subscription.id
        if not is_long_enough(new.secret):
            _log.warning(
                "secret_is_short",
                connection=self._name,
                subscription=id_,
                reason=f"ShipBob made it shorter than {FEWEST_BYTES} bytes",
            )
        async with self._database.transaction() as on:
            await self._vault.put(self._name, f"{SECRET_FIELD}{id_}", new.secret, on=on)
            await subscriptions.add(
                on, self._name, id_=id_, group=group, topics=topics, url=self._url
            )
        _log.info("subscribed", connection=self._name, group=group, subscription=id_)
        return id_

    async def _wait_for_what_is_under_way(
        self,
        existing: Sequence[WebhookSubscription],
        known: Collection[str],
        outcomes: Sequence[GroupOutcome],
        removed: Mapping[str, str],
    ) -> None:
        """Wait for deliveries under way, when a new subscription replaces one that delivers."""
        delivers = {one.id for one in existing if one.enabled is not False and one.id in known}
        if any(one.state == "made" for one in outcomes) and removed.keys() & delivers:
            await asyncio.sleep(_UNDER_WAY_SECONDS)

    async def _remove_strays(self, other: ShipBob) -> dict[str, str]:
        strays = plan_subscriptions(
            await other.subscriptions.every(needed=()),
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
        """Note subscriptions that are gone at ShipBob; delete secrets that sign nothing now."""
        if self._dry_run:
            return
        now = datetime.now(UTC)
        there = {one.id for one in existing} - removed.keys()
        async with self._database.transaction() as on:
            gone = [
                one.id for one in made if not is_known(one.retired_at, now) and one.id not in there
            ]
            await subscriptions.retire(on, self._name, gone, now=now)
            for one in made:
                if (
                    one.retired_at is not None
                    and now - one.retired_at > subscriptions.ACCEPTED_AFTER_RETIRING
                ):
                    await self._vault.delete(self._name, f"{SECRET_FIELD}{one.id}", on=on)
                    await subscriptions.drop(on, self._name, one.id)

"""The result for each group of webhook topics, and which subscriptions to remove. Pure.

Source: ShipBob reference, section 7.1: the same topic may be subscribed several times, and there
is no update, so a subscription is replaced and never changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ml_connector.ledger.connections.subscriptions import RefusedTopics
from ml_connector.shipbob.payloads import WebhookSubscription
from ml_connector.shipbob.webhooks.subscription_plan import SubscriptionPlan
from ml_connector.shipbob.webhooks.topics import TOPIC_GROUPS

State = Literal["kept", "made", "refused", "to make"]


@dataclass(frozen=True, kw_only=True)
class GroupOutcome:
    """The result for one group of topics.

    Attributes:
        id: ShipBob's id of the subscription; empty where there is none.
        topics: those that are subscribed to.
        left_out: topics that ShipBob does not take.
        sentence: ShipBob's reason for not taking them.
    """

    group: str
    state: State
    id: str = ""
    topics: Sequence[str] = ()
    left_out: Sequence[str] = ()
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class SubscriptionChanges:
    """The result of a comparison.

    Attributes:
        removed: the reason by id of each removed subscription; in a dry run of each that would
            be removed.
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


def without_refused(refusals: Mapping[str, RefusedTopics]) -> dict[str, list[str]]:
    """Return the topics of each group without those that ShipBob refused. Pure."""
    return {
        group: [
            topic
            for topic in topics
            if group not in refusals or topic not in refusals[group].topics
        ]
        for group, topics in TOPIC_GROUPS.items()
    }


def subscriptions_to_remove(
    existing: Sequence[WebhookSubscription],
    plan: SubscriptionPlan,
    outcomes: Sequence[GroupOutcome],
) -> dict[str, str]:
    """Return the subscriptions to remove, each with the reason. Pure.

    One that still delivers topics of a group for which ShipBob refused a new one stays.
    """
    in_use = {one.id for one in outcomes if one.id}
    still_needed = {
        topic for one in outcomes if one.state == "refused" for topic in TOPIC_GROUPS[one.group]
    }
    unwanted = dict(plan.remove)
    for group, kept in plan.keep.items():
        if kept.id not in in_use:
            unwanted[kept.id] = f"another one covers more of {group}"
    return {
        one.id: unwanted[one.id]
        for one in existing
        if one.id in unwanted
        and one.id not in in_use
        and not (one.enabled is not False and still_needed & set(one.topics))
    }


def kept_group(
    group: str, kept: WebhookSubscription, refusal: RefusedTopics | None
) -> GroupOutcome:
    """Return the outcome of a group whose subscription stays. Pure."""
    return GroupOutcome(
        group=group,
        state="kept",
        id=kept.id,
        topics=kept.topics,
        left_out=refused_topics(refusal),
        sentence=refusal.sentence if refusal else "",
    )


def refused_topics(refusal: RefusedTopics | None) -> tuple[str, ...]:
    """Return the topics of a group that ShipBob refused, in order. Pure."""
    return tuple(sorted(refusal.topics)) if refusal else ()


def named_topics(topics: Sequence[str], refusal: str) -> list[str]:
    """Return the topics that ShipBob named when it refused to subscribe to them. Pure.

    Args:
        topics: what was asked for.
        refusal: the sentence of the failure: what was asked for, then what ShipBob said.
    """
    said = refusal.rpartition(", ".join(topics))[2]
    return [topic for topic in topics if _names(said, topic)]


def _names(text: str, topic: str) -> bool:
    """Whether a text names a topic: as a whole, not as the beginning of a longer one."""
    at = text.find(topic)
    while at >= 0:
        after = text[at + len(topic) : at + len(topic) + 2]
        if not after[:1].isalnum() and not (after[:1] in "._" and after[1:].isalnum()):
            return True
        at = text.find(topic, at + 1)
    return False

"""Webhook subscriptions that we made: which, for what, and what ShipBob refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Json

from ml_connector.moments import is_known, known
from ml_connector.storage.database import Connection, one, rows

SECRET_FIELD: Final = "shipbob.webhook_secret_of."  # noqa: S105 - the name of a field
"""Secrets of our subscriptions are kept under this and ShipBob's id."""

_WEBHOOK_SECRETS: Final = "shipbob.webhook_secret"

ACCEPTED_AFTER_RETIRING: Final = timedelta(hours=48)
"""How long the secret of a removed subscription is accepted: ShipBob sends a delivery again
for 28 hours (shipbob.md section 7.5)."""

ASK_AGAIN_AFTER: Final = timedelta(hours=24)
"""Topics that ShipBob refused are not asked for again before that, unless a person asks."""


@dataclass(frozen=True, kw_only=True)
class OwnSubscription:
    """A subscription that we made and whose secret we hold.

    Attributes:
        id: ShipBob's.
        retired_at: since when it is gone at ShipBob.
    """

    id: str
    group: str
    topics: tuple[str, ...]
    url: str
    made_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RefusedTopics:
    """Topics of one group that ShipBob did not take."""

    topics: frozenset[str]
    sentence: str
    refused_at: datetime

    def may_be_asked_for_again(self, now: datetime) -> bool:
        """Whether it is long enough ago, or nobody knows how long. Pure."""
        is_long_ago = now - self.refused_at > ASK_AGAIN_AFTER
        return is_long_ago or not is_known(self.refused_at, now)


def is_webhook_secret(field: str) -> bool:
    """Whether a stored secret is one that webhooks are signed with, configured or of ours."""
    return field.startswith(_WEBHOOK_SECRETS)


async def lock(on: Connection, connection: str) -> None:
    """Let no other transaction compare subscriptions until this one ends."""
    await rows(
        on,
        "select pg_advisory_xact_lock(hashtextextended('webhooks of ' || %(name)s, 0))",
        {"name": connection},
    )


async def made(on: Connection, connection: str) -> list[OwnSubscription]:
    """Return the subscriptions that we made, the retired ones too."""
    found = await rows(
        on,
        "select * from webhook_subscription where connection = %(name)s order by made_at, id",
        {"name": connection},
    )
    return [
        OwnSubscription(
            id=row["id"],
            group=row["topic_group"],
            topics=tuple(row["topics"]),
            url=row["url"],
            made_at=row["made_at"],
            retired_at=row["retired_at"],
        )
        for row in found
    ]


async def told_since(on: Connection, connection: str) -> datetime | None:
    """Return since when ShipBob should tell us: the connection and its first subscription.

    None: there is no such connection. A moment that lies ahead is left out: the clock was put
    right since.
    """
    row = await one(
        on,
        "select greatest(c.created_at, min(s.made_at) filter (where"  # noqa: S608 - a text of ours
        f" {known('s.made_at')})) as since from connection as c"
        " left join webhook_subscription as s on s.connection = c.name"
        " where c.name = %(name)s group by c.created_at",
        {"name": connection},
    )
    return row["since"] if row else None


async def add(
    on: Connection, connection: str, *, id_: str, group: str, topics: Sequence[str], url: str
) -> None:
    """Note a subscription that was just made."""
    await rows(
        on,
        "insert into webhook_subscription (connection, id, topic_group, topics, url)"
        " values (%(name)s, %(id)s, %(group)s, %(topics)s, %(url)s)"
        " on conflict (connection, id) do update set topic_group = excluded.topic_group,"
        " topics = excluded.topics, url = excluded.url, retired_at = null",
        {"name": connection, "id": id_, "group": group, "topics": list(topics), "url": url},
    )


async def retire(on: Connection, connection: str, ids: Sequence[str], *, now: datetime) -> None:
    """Note that these are gone at ShipBob; from now on, where that was noted of the future."""
    await rows(
        on,
        "update webhook_subscription set retired_at = %(now)s"  # noqa: S608 - a text of ours
        " where connection = %(name)s and id = any (%(ids)s)"
        f" and (retired_at is null or not {known('retired_at', now='%(now)s')})",
        {"name": connection, "ids": list(ids), "now": now},
    )


async def drop(on: Connection, connection: str, id_: str) -> None:
    """Forget a subscription that was retired long ago."""
    await rows(
        on,
        "delete from webhook_subscription where connection = %(name)s and id = %(id)s",
        {"name": connection, "id": id_},
    )


async def refused(on: Connection, connection: str) -> dict[str, RefusedTopics]:
    """Return what ShipBob refused, by group."""
    found = await rows(
        on,
        "select * from webhook_topics_refused where connection = %(name)s",
        {"name": connection},
    )
    return {
        row["topic_group"]: RefusedTopics(
            topics=frozenset(row["topics"]),
            sentence=row["sentence"],
            refused_at=row["refused_at"],
        )
        for row in found
    }


async def note_refused(
    on: Connection, connection: str, group: str, topics: Sequence[str], sentence: str
) -> None:
    """Note that ShipBob did not take these topics."""
    await rows(
        on,
        "insert into webhook_topics_refused (connection, topic_group, topics, sentence)"
        " values (%(name)s, %(group)s, %(topics)s, %(sentence)s)"
        " on conflict (connection, topic_group) do update set topics = excluded.topics,"
        " sentence = excluded.sentence, refused_at = now()",
        {"name": connection, "group": group, "topics": sorted(topics), "sentence": sentence},
    )


async def forget_refused(on: Connection, connection: str, group: str) -> None:
    """Note that ShipBob takes all topics of a group."""
    await rows(
        on,
        "delete from webhook_topics_refused"
        " where connection = %(name)s and topic_group = %(group)s",
        {"name": connection, "group": group},
    )


async def note_look(
    on: Connection, connection: str, groups: Mapping[str, Any], *, now: datetime
) -> None:
    """Keep the result of a comparison, for later questions."""
    await rows(
        on,
        "insert into webhook_look (connection, looked_at, groups)"
        " values (%(name)s, %(now)s, %(groups)s) on conflict (connection) do update"
        " set looked_at = excluded.looked_at, groups = excluded.groups",
        {"name": connection, "now": now, "groups": Json(dict(groups))},
    )


def states(look: Mapping[str, Any] | None) -> list[str]:
    """Return the state of each group as it was last seen; none where that can't be read. Pure.

    Each is ``enabled`` or ``refused``.
    """
    groups = look["groups"] if look else {}
    if not isinstance(groups, dict):
        return []
    return [str(row.get("state")) for row in groups.values() if isinstance(row, dict)]


async def last_look(on: Connection, connection: str) -> dict[str, Any] | None:
    """Return when subscriptions were last compared, and the result; None: never."""
    return await one(
        on,
        "select looked_at, groups from webhook_look where connection = %(name)s",
        {"name": connection},
    )

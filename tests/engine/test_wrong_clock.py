"""A clock that was years ahead and is put right: what it has stored holds nothing up."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import pytest

from engine.workshop import FLOW, Workshop
from ml_connector.app.sign_in.token_renewal import consent_days_left
from ml_connector.app.webhooks.health import lately
from ml_connector.engine.inbox.polls import is_full
from ml_connector.engine.inbox.schedule import is_due
from ml_connector.engine.work.chores import find_lost
from ml_connector.errors import Retryable
from ml_connector.ledger import turns
from ml_connector.ledger.alarms import alarms, outbox
from ml_connector.ledger.connections import certificates, consents, subscriptions
from ml_connector.ledger.inbox import deliveries, inbox, jobs, outcomes, waits
from ml_connector.ledger.inbox.polls import Poll
from ml_connector.ledger.sources import charges
from ml_connector.moments import CLOCKS_DIFFER, has_come, is_known
from ml_connector.storage.database import Connection, Database
from ml_connector.vault.tokens import TokenClock
from ml_connector.words import AlarmKind

UTC_ZONE: Final = ZoneInfo("UTC")
AHEAD: Final = timedelta(days=30 * 365)

Decision = Literal["comes", "is held", "is not known", "holds nothing up"]

MOMENTS: Final[Mapping[str, Decision]] = {
    # Somebody waits for it. Too early costs a call or a message: it comes.
    "alarm_message.next_at": "comes",
    "consent.until": "comes",
    "consent_link.until": "comes",
    "limit_state.blocked_until": "comes",
    "limit_state.next_at": "comes",
    "minute_turn.counts_until": "comes",
    "procrastinate_jobs.scheduled_at": "comes",
    "slot.leased_until": "comes",
    "subject.due_at": "comes",
    "subject.look_at": "comes",
    "turn.not_before": "comes",
    # Too early does harm: it is held to the longest from now on.
    "certificate.revoke_after": "is held",
    "posting.over_at": "is held",
    "sign_in_try.since": "is held",
    "token.lease_until": "is held",
    "webhook_capture.since": "is held",
    "webhook_subscription.retired_at": "is held",
    # Something is counted from it: it is not known.
    "alarm.told_at": "is not known",
    "charge_pull.pulled_at": "is not known",
    "event.received_at": "is not known",
    "journal.posted_at": "is not known",
    "limit_state.lowered_at": "is not known",
    "poll.full_at": "is not known",
    "procrastinate_workers.last_heartbeat": "is not known",
    "subject.changed_at": "is not known",
    "token.obtained_at": "is not known",
    "sign_in.began_at": "is not known",
    "sign_in.seen_at": "is not known",
    "turn.taken_at": "is not known",
    "turn.taken_before": "is not known",
    "webhook_refusal.last_at": "is not known",
    "webhook_subscription.made_at": "is not known",
    "webhook_topics_refused.refused_at": "is not known",
    # Said by others, or long by right.
    "api_token.expires_at": "holds nothing up",
    "certificate.valid_until": "holds nothing up",
    "event.sent_at": "holds nothing up",
    "token.expires_at": "holds nothing up",
    # Shown, or compared with itself.
    "act.at": "holds nothing up",
    "alarm.ended_at": "holds nothing up",
    "alarm.last_raised_at": "holds nothing up",
    "alarm.raised_at": "holds nothing up",
    "alarm_message.made_at": "holds nothing up",
    "alarm_message.sent_at": "holds nothing up",
    "answered_call.at": "holds nothing up",
    "api_token.made_at": "holds nothing up",
    "api_token.used_at": "holds nothing up",
    "assignment.given_at": "holds nothing up",
    "certificate.changed_at": "holds nothing up",
    "certificate.made_at": "holds nothing up",
    "charge.changed_at": "holds nothing up",
    "charge.seen_at": "holds nothing up",
    "connection.applied_at": "holds nothing up",
    "connection.backup_made_at": "holds nothing up",
    "connection.created_at": "holds nothing up",
    "connection.held_at": "holds nothing up",
    "connection.removed_at": "holds nothing up",
    "connection_draft.begun_at": "holds nothing up",
    "connection_draft.changed_at": "holds nothing up",
    "consent.begun_at": "holds nothing up",
    "consent.taken_at": "holds nothing up",
    "consent_link.made_at": "holds nothing up",
    "consent_link.used_at": "holds nothing up",
    "decision.lapsed_at": "holds nothing up",
    "decision.made_at": "holds nothing up",
    "decision.taken_back_at": "holds nothing up",
    "draft_secret.updated_at": "holds nothing up",
    "errand.asked_at": "holds nothing up",
    "errand.began_at": "holds nothing up",
    "errand.ended_at": "holds nothing up",
    "event.body_deleted_at": "holds nothing up",
    "invoice.changed_at": "holds nothing up",
    "invoice.seen_at": "holds nothing up",
    "line_proof.proved_at": "holds nothing up",
    "month_report.made_at": "holds nothing up",
    "month_seal.sealed_at": "holds nothing up",
    "month_seal.unsealed_at": "holds nothing up",
    "person.created_at": "holds nothing up",
    "poll.polled_at": "holds nothing up",
    "posting.created_at": "holds nothing up",
    "posting.send_by": "holds nothing up",
    "posting.sending_at": "holds nothing up",
    "posting.settled_at": "holds nothing up",
    "procrastinate_events.at": "holds nothing up",
    "refresh_token_seen.seen_at": "holds nothing up",
    "run.finished_at": "holds nothing up",
    "run.started_at": "holds nothing up",
    "secret.updated_at": "holds nothing up",
    "shipbob_grant.granted_at": "holds nothing up",
    "sku_binding.bound_at": "holds nothing up",
    "sku_binding.ended_at": "holds nothing up",
    "subject.created_at": "holds nothing up",
    "webhook_look.looked_at": "holds nothing up",
    "webhook_refusal.first_at": "holds nothing up",
}
"""Every moment that is stored, and what becomes of one that is further away than it can be."""

_COLUMNS: Final = """
    select c.relname || '.' || a.attname as name from pg_attribute as a
    join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
        and a.attnum > 0 and not a.attisdropped and a.atttypid = 'timestamptz'::regtype
"""


async def test_of_every_stored_moment_it_is_decided(database: Database) -> None:
    found = await database.fetch(_COLUMNS)

    assert sorted(row["name"] for row in found) == sorted(MOMENTS)


def test_a_moment_has_come_when_it_is_further_away_than_it_can_be() -> None:
    now, longest = datetime.now(UTC), timedelta(hours=1)
    offsets = (-AHEAD, timedelta(0), timedelta(minutes=61), timedelta(minutes=63), AHEAD)

    assert [has_come(now + offset, now, longest=longest) for offset in offsets] == [
        True,
        True,
        False,
        True,
        True,
    ]


def test_a_little_ahead_is_no_wrong_clock() -> None:
    now = datetime.now(UTC)

    assert is_known(now + CLOCKS_DIFFER, now)
    assert not is_known(now + CLOCKS_DIFFER * 2, now)
    assert not is_known(None, now)


async def put(database: Database, statement: str, **values: object) -> None:
    """Run a statement that must change something."""
    assert await database.fetch(f"{statement} returning 1 as n", values), statement


# Subjects and their jobs.


async def due_jobs(database: Database) -> list[int]:
    found = await database.fetch(
        "select id from procrastinate_jobs where status = 'todo'"
        " and (scheduled_at is null or scheduled_at <= now()) order by id"
    )
    return [row["id"] for row in found]


async def test_a_retry_that_is_years_away_is_due_now(workshop: Workshop) -> None:
    workshop.source.failure = Retryable("Later", retry_after_seconds=30)
    await workshop.news("a")
    waiting = await workshop.run("a")
    nothing_due = await due_jobs(workshop.database)
    await put(workshop.database, "update subject set due_at = due_at + interval '30 years'")
    await put(
        workshop.database,
        "update procrastinate_jobs set scheduled_at = scheduled_at + interval '30 years'",
    )
    await find_lost(workshop.database, workshop.lanes)
    workshop.source.failure = None

    assert nothing_due == []
    assert await due_jobs(workshop.database) == [waiting["job_id"]]
    assert (await workshop.run("a"))["state"] == "done"


async def test_a_push_that_is_spread_over_years_goes_on(workshop: Workshop) -> None:
    await workshop.news("a", "b")
    await put(
        workshop.database,
        "update subject set due_at = now() + interval '30 years' where key = 'a'",
    )
    await put(
        workshop.database,
        "update procrastinate_jobs set scheduled_at = now() + interval '30 years'"
        " where id = (select job_id from subject where key = 'a')",
    )
    apart = timedelta(minutes=1)
    async with workshop.database.transaction() as on:
        [(_, due_at)] = await jobs.spread(on, "acme", FLOW, ["b"], bunch=1, apart=apart)
        await on.rollback()
    await find_lost(workshop.database, workshop.lanes)

    assert due_at <= datetime.now(UTC)
    assert len(await due_jobs(workshop.database)) == 2


async def test_a_long_push_is_over_within_a_day(workshop: Workshop) -> None:
    keys = [str(number) for number in range(4)]
    await workshop.news(*keys)
    apart = timedelta(hours=23)
    async with workshop.database.transaction() as on:
        due = await jobs.spread(on, "acme", FLOW, keys, bunch=1, apart=apart)
        await workshop.lanes.put_off(on, due)
    await find_lost(workshop.database, workshop.lanes)
    moments = sorted(at for _, at in due)

    assert moments[-1] - moments[0] <= jobs.LONGEST_SPREAD
    assert moments[1] - moments[0] == apart
    assert len(await due_jobs(workshop.database)) == 1


async def test_a_retry_of_the_usual_pause_waits_for_its_time(workshop: Workshop) -> None:
    workshop.source.failure = Retryable("Later", retry_after_seconds=100_000)
    await workshop.news("a")
    waiting = await workshop.run("a")
    await find_lost(workshop.database, workshop.lanes)

    assert await due_jobs(workshop.database) == []
    assert (await workshop.subject("a"))["due_at"] == waiting["due_at"]


async def test_a_retry_is_due_by_the_databases_clock(workshop: Workshop) -> None:
    workshop.source.failure = Retryable("Later", retry_after_seconds=600)
    await workshop.news("a")
    await workshop.run("a")
    [row] = await workshop.database.fetch(
        "select s.due_at = j.scheduled_at as same,"
        " s.due_at - s.changed_at between interval '600 seconds' and interval '601 seconds' as due"
        " from subject as s join procrastinate_jobs as j on j.id = s.job_id"
    )

    assert row == {"same": True, "due": True}


async def test_a_job_that_nobody_scheduled_is_due_now(workshop: Workshop) -> None:
    """As a rescue by a clock that was ahead leaves it behind."""
    await workshop.news("a")
    await put(
        workshop.database,
        "update procrastinate_jobs set scheduled_at = now() + interval '30 years'",
    )
    await find_lost(workshop.database, workshop.lanes)

    assert len(await due_jobs(workshop.database)) == 1


async def test_a_subject_that_lost_its_job_is_found(workshop: Workshop) -> None:
    await workshop.news("a")
    await put(workshop.database, "delete from procrastinate_jobs")
    await put(workshop.database, "update subject set changed_at = now() + interval '30 years'")
    await find_lost(workshop.database, workshop.lanes)

    assert len(await due_jobs(workshop.database)) == 1


async def test_a_call_of_unknown_outcome_is_waited_for_no_longer_than_it_can_take(
    workshop: Workshop,
) -> None:
    workshop.source.units["a"] = 5
    workshop.netsuite.outcomes.append("never arrives")
    await workshop.news("a")
    await workshop.run("a")
    await put(workshop.database, "update posting set over_at = now() + interval '30 years'")
    again = await workshop.run("a")
    [held] = await workshop.database.fetch(
        "select p.over_at <= now() + interval '90 seconds' as soon,"
        " s.due_at <= now() + interval '100 seconds' as due"
        " from posting as p join subject as s on s.id = p.subject_id"
    )
    writes = workshop.netsuite.writes
    await workshop.let_time_pass("a")
    last = await workshop.run("a")

    assert (again["state"], writes, held) == ("retrying", 1, {"soon": True, "due": True})
    assert (last["state"], workshop.netsuite.writes) == ("done", 2)


# Turns, polls and pulls.


@pytest.fixture
async def books(database: Database) -> Database:
    await put(
        database, "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
    )
    return database


async def test_a_turn_of_the_future_was_never_taken(books: Database) -> None:
    async with books.transaction() as on:
        await turns.lock(on, "acme", "receiving", daily=False)
    await put(books, "update turn set taken_at = now() + interval '30 years'")
    async with books.transaction() as on:
        turn = await turns.lock(on, "acme", "receiving", daily=False)

    assert turn.last is None


async def test_a_daily_turn_of_the_future_waits_for_its_time_of_day(books: Database) -> None:
    async with books.transaction() as on:
        await turns.lock(on, "acme", "purchase-orders", daily=True)
    await put(books, "update turn set taken_at = now() + interval '30 years'")
    async with books.transaction() as on:
        first = await turns.lock(on, "acme", "purchase-orders", daily=True)
    async with books.transaction() as on:
        again = await turns.lock(on, "acme", "purchase-orders", daily=True)

    assert first.last == first.now
    assert again.last == first.now


SHIFT: Final = (
    "update turn set taken_at = taken_at + %(by)s::interval,"
    " taken_before = taken_before + %(by)s::interval"
)


async def test_a_daily_turn_is_known_again_when_a_clock_that_was_set_back_is_put_right(
    books: Database,
) -> None:
    async with books.transaction() as on:
        true = await turns.lock(on, "acme", "purchase-orders", daily=True)
    await put(books, SHIFT, by="1 year")
    async with books.transaction() as on:  # the clock is a year behind
        await turns.lock(on, "acme", "purchase-orders", daily=True)
    await put(books, SHIFT, by="-1 year")
    async with books.transaction() as on:  # and is put right
        turn = await turns.lock(on, "acme", "purchase-orders", daily=True)

    assert turn.last == true.now


async def test_a_turn_that_another_process_took_just_now_is_taken(books: Database) -> None:
    """Its transaction began after ours, so that its present is our future."""
    async with books.transaction() as on:
        await turns.lock(on, "acme", "receiving", daily=True)
    await put(books, "update turn set taken_at = now() + interval '30 seconds'")
    async with books.transaction() as on:
        turn = await turns.lock(on, "acme", "receiving", daily=True)
    assert turn.last is not None

    assert not is_due(timedelta(minutes=15), last=turn.last, now=turn.now, zone=UTC_ZONE)


async def test_a_pause_that_lasts_for_years_is_over(books: Database) -> None:
    async with books.transaction() as on:
        await turns.lock(on, "acme", "receiving", daily=False)
        await turns.give_back(on, "acme", "receiving", pause_seconds=1e9)
    async with books.transaction() as on:
        before = await turns.lock(on, "acme", "receiving", daily=False)
    await put(books, "update turn set not_before = not_before + interval '30 years'")
    async with books.transaction() as on:
        after = await turns.lock(on, "acme", "receiving", daily=False)

    assert (before.is_too_soon, after.is_too_soon) == (True, False)


def test_a_full_poll_of_the_future_is_made_again() -> None:
    now = datetime.now(UTC)
    poll = Poll(account_time="2056-01-01 00:00:00", polled_at=now, full_at=now + AHEAD)

    assert is_full(poll, now=now)


async def test_charges_that_were_pulled_in_the_future_are_pulled_again(books: Database) -> None:
    async with books.transaction() as on:
        now = datetime.now(UTC)
        await charges.was_pulled(on, "acme", now.date(), at=now + AHEAD)
        pulled = await charges.pulled(on, "acme")

    assert pulled is None


async def test_what_changed_after_an_event_of_the_future_is_news(workshop: Workshop) -> None:
    await workshop.news("a")
    await put(workshop.database, "update event set received_at = now() + interval '1 day'")
    async with workshop.database.transaction() as on:
        told = await inbox.last_told(on, "acme", FLOW, ["a"])

    assert told["a"] < datetime.now(UTC)


# Alarms.


async def test_an_alarm_that_was_told_in_the_future_is_told_again(books: Database) -> None:
    now = datetime.now(UTC)
    async with books.transaction() as on:
        for key in ("one", "other"):
            await alarms.raise_alarm(
                on, "acme", AlarmKind.BUG, key, sentence="It is wrong.", remedy="", now=now
            )
        [group] = await alarms.due(on, now=now)
        await alarms.told(on, group, now=now + AHEAD)
    async with books.transaction() as on:
        [again] = await alarms.due(on, now=now)
        await alarms.told(on, again, now=now)
    async with books.transaction() as on:
        quiet = await alarms.due(on, now=now)

    assert [alarm.key for alarm in again.alarms] == ["one", "other"]
    assert quiet == []


async def test_a_message_that_is_years_away_is_sent_now(books: Database) -> None:
    now = datetime.now(UTC)
    async with books.transaction() as on:
        await outbox.add(
            on, "acme", ["alarms.0"], kind="bug", title="T", body="B", now=now + AHEAD
        )
        taken = await outbox.take(on, now=now, lease=timedelta(minutes=2))
        again = await outbox.take(on, now=now, lease=timedelta(minutes=2))

    assert ([one.title for one in taken], again) == (["T"], [])


async def test_a_stop_of_the_future_is_an_old_one(workshop: Workshop) -> None:
    await workshop.news("a")
    await put(
        workshop.database,
        "update subject set state = 'parked', cause = 'unknown_sku', sentence = 'S',"
        " waiting_for = '{sku:TEE}', changed_at = now() + interval '30 years'",
    )
    async with workshop.database.transaction() as on:
        [stopped] = await outcomes.stopped(on, "acme")
        [since] = (await waits.waiting(on, "acme")).values()
        now = datetime.now(UTC)

    assert stopped["oldest"] < now
    assert since < now


def test_a_refusal_of_the_future_is_not_of_the_last_hour() -> None:
    now = datetime.now(UTC)

    assert not lately({"last_at": now + AHEAD}, now=now)
    assert lately({"last_at": now}, now=now)


# Consents, certificates and subscriptions.


async def link(on: Connection, ticket: str, until: datetime) -> None:
    await consents.add_link(
        on,
        "acme",
        person="anna",
        ticket=ticket,
        until=until,
        scopes=[],
        channel_name="c",
        redirect_uri="https://x.example.com",
    )


async def begin(on: Connection, state: str, until: datetime) -> int:
    return await consents.begin(
        on,
        "acme",
        link_id=None,
        person="anna",
        state=state,
        until=until,
        scopes=[],
        redirect_uri="https://x.example.com",
        channel_name="c",
    )


async def test_no_link_and_no_consent_lives_for_years(books: Database) -> None:
    now = datetime.now(UTC)
    async with books.transaction() as on:
        await link(on, "good", now + consents.LINK_LIVES)
        await link(on, "wrong", now + AHEAD)
        good = await begin(on, "good", now + consents.STATE_LIVES)
        wrong = await begin(on, "wrong", now + AHEAD)
        found = [await consents.find_link(on, "acme", t, now=now) for t in ("good", "wrong")]
        under_way = await consents.count_under_way(on, "acme", now=now)
        refused = await consents.take(on, "wrong", now=now)
        left_over = await consents.left_over(on, now=now)
        taken = await consents.take(on, "good", now=now)

    assert [one is not None for one in found] == [True, False]
    assert (under_way, refused) == (1, None)
    assert [row["id"] for row in left_over] == [wrong]
    assert taken is not None
    assert taken.id == good


async def test_a_replaced_certificate_is_revoked_when_its_last_token_must_be_over(
    books: Database,
) -> None:
    now, longest = datetime.now(UTC), timedelta(minutes=70)
    await put(
        books,
        "insert into certificate (connection, certificate_id, state, revoke_after)"
        " values ('acme', 'old', 'replaced', %(at)s)",
        at=now + AHEAD,
    )
    async with books.transaction() as on:
        early = await certificates.to_revoke(on, "acme", now, longest=longest)
        later = await certificates.to_revoke(on, "acme", now + longest, longest=longest)

    assert early == []
    assert [one.certificate_id for one in later] == ["old"]


async def test_a_subscription_that_was_retired_in_the_future_is_retired_now(
    books: Database,
) -> None:
    now = datetime.now(UTC)
    async with books.transaction() as on:
        await subscriptions.add(on, "acme", id_="7", group="g", topics=[], url="u")
        await subscriptions.retire(on, "acme", ["7"], now=now + AHEAD)
        await subscriptions.retire(on, "acme", ["7"], now=now)
        await subscriptions.retire(on, "acme", ["7"], now=now + timedelta(hours=1))
        [kept] = await subscriptions.made(on, "acme")

    assert kept.retired_at == now


def test_topics_that_were_refused_in_the_future_are_asked_for_again() -> None:
    now = datetime.now(UTC)

    def refused(at: datetime) -> subscriptions.RefusedTopics:
        return subscriptions.RefusedTopics(topics=frozenset(), sentence="S", refused_at=at)

    assert refused(now + AHEAD).may_be_asked_for_again(now)
    assert not refused(now).may_be_asked_for_again(now)


async def test_subscriptions_made_in_the_future_say_nothing_about_silence(
    books: Database,
) -> None:
    async with books.transaction() as on:
        await subscriptions.add(on, "acme", id_="7", group="g", topics=[], url="u")
    await put(books, "update webhook_subscription set made_at = now() + interval '30 years'")
    async with books.transaction() as on:
        since = await subscriptions.told_since(on, "acme")

    assert since is not None
    assert since <= datetime.now(UTC)


async def test_a_webhook_of_the_future_is_not_the_last_one(workshop: Workshop) -> None:
    await workshop.news("a", "b")
    await put(
        workshop.database,
        "update event set sent_at = now(), received_at = case when topic = 'count.changed'"
        " and delivery_id = (select min(delivery_id) from event)"
        " then now() + interval '1 day' else received_at end",
    )
    async with workshop.database.transaction() as on:
        arrived = await deliveries.arrivals(on, "acme")

    assert arrived["deliveries"] == 1
    assert arrived["last_at"] <= datetime.now(UTC)


async def test_samples_that_are_wanted_in_the_future_are_wanted_now(workshop: Workshop) -> None:
    async with workshop.database.transaction() as on:
        await deliveries.begin_capture(on, "acme", now=datetime.now(UTC) + AHEAD)
    async with workshop.database.transaction() as on:
        await deliveries.captured(on, "acme")
    await workshop.news("a")
    async with workshop.database.transaction() as on:
        since, samples = await deliveries.captured(on, "acme")

    assert since is not None
    assert [one["topic"] for one in samples] == ["count.changed"]


def test_a_consent_of_the_future_ends_no_later_than_one_of_now() -> None:
    now = datetime.now(UTC)
    clock = TokenClock("acme", "shipbob", now + AHEAD, now + AHEAD, None)

    assert consent_days_left(clock, now=now) == 30

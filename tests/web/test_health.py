"""What monitoring asks, and what happens while the database is away."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from psycopg import sql
from sqlalchemy.engine import make_url

from acceptance.merchant import Merchant
from waiting import wait_until
from web.door import Door, Reply


@contextmanager
def database_away(receiver: Merchant, server_url: str) -> Iterator[None]:
    """Nobody reaches the installation's database for the length of the block."""
    assert receiver.database_url is not None
    name = make_url(receiver.database_url).database or ""

    def allow(text: str) -> None:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("alter database {} allow_connections {}").format(
                    sql.Identifier(name), sql.SQL("true" if text == "true" else "false")
                )
            )
            connection.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s",
                [name],
            )

    allow("false")
    try:
        yield
    finally:
        allow("true")


@contextmanager
def read_only(receiver: Merchant) -> Iterator[None]:
    """The installation's database takes no write for the length of the block."""
    assert receiver.database_url is not None
    name = make_url(receiver.database_url).database or ""

    def allow(words: sql.SQL) -> None:
        assert receiver.database_url is not None
        with psycopg.connect(receiver.database_url, autocommit=True) as connection:
            connection.execute("set default_transaction_read_only = off")
            connection.execute(words.format(sql.Identifier(name)))
            connection.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                " where datname = %s and pid <> pg_backend_pid()",
                [name],
            )

    allow(sql.SQL("alter database {} set default_transaction_read_only = on"))
    try:
        yield
    finally:
        allow(sql.SQL("alter database {} reset default_transaction_read_only"))


def test_healthz_says_that_the_process_lives(door: Door) -> None:
    reply = door.get("/healthz")

    assert (reply.status, reply.json["status"]) == (200, "ok")


def test_readyz_says_which_schema_there_is(door: Door) -> None:
    reply = door.get("/readyz")

    assert (reply.status, reply.json["status"]) == (200, "ready")
    assert reply.json["schema"]


def test_readyz_is_not_ready_without_the_schema(door: Door, receiver: Merchant) -> None:
    assert receiver.database_url is not None
    with psycopg.connect(receiver.database_url, autocommit=True) as connection:
        connection.execute("alter table alembic_version rename to hidden")
        try:
            missing = door.get("/readyz")
        finally:
            connection.execute("alter table hidden rename to alembic_version")
        found = connection.execute("select version_num from alembic_version").fetchone()
        assert found is not None
        connection.execute("update alembic_version set version_num = '0000'")
        try:
            old = door.get("/readyz")
        finally:
            connection.execute("update alembic_version set version_num = %s", found)

    assert (missing.status, missing.json["what"]) == (503, "schema")
    assert (old.status, old.json["what"]) == (503, "schema")
    assert "init" in old.json["reason"]
    assert door.get("/readyz").status == 200


def test_a_database_that_takes_no_write_is_not_ready(door: Door, receiver: Merchant) -> None:
    assert door.deliver({"id": 5}).status == 200  # the connection is known
    with read_only(receiver):
        refused = once_it_is(503, lambda: door.deliver({"id": 5}))
        unready = once_it_is(503, lambda: door.get("/readyz"))
        metrics = door.get("/metrics").body.decode()
        listed = receiver.command("alarms", "list")
    again = once_it_is(200, lambda: door.get("/readyz"))
    noted = 'mlc_webhook_refusals{connection="acme",reason="not_stored"}'
    wait_until(lambda: noted in door.get("/metrics").body.decode())

    assert refused.json["hint"]
    assert unready.json["what"] == "storage"
    assert "read-only" in unready.json["reason"]
    assert "mlc_database_up 1.0" in metrics
    assert "mlc_database_stores 0.0" in metrics
    assert "Nothing is wrong" not in listed.out
    assert "The database stores nothing" in listed.out
    assert again.json["warnings"] == []


def test_readiness_leaves_nothing_behind(door: Door, receiver: Merchant) -> None:
    count = (
        "select (select count(*) from connection) as connections,"
        " (select count(*) from event) as events, (select count(*) from delivery) as deliveries"
    )
    before = receiver.rows(count)
    statuses = {door.get("/readyz").status for _ in range(5)}

    assert statuses == {200}
    assert receiver.rows(count) == before


def once_it_is(status: int, ask: Callable[[], Reply]) -> Reply:
    """Ask until the answer has this status; return it."""
    replies: list[Reply] = []

    def asked() -> bool:
        replies.append(ask())
        return replies[-1].status == status

    wait_until(asked)
    return replies[-1]


def test_metrics_can_be_read_by_prometheus(door: Door) -> None:
    door.deliver({"id": 1}, webhook_id="msg_metrics")
    door.deliver({"id": 1}, webhook_id="msg_metrics")
    door.post(b"{}", {})
    reply = door.get("/metrics")
    families = {one.name: one for one in text_string_to_metric_families(reply.body.decode())}
    answers = {
        sample.labels["answer"]: sample.value
        for sample in families["mlc_webhooks"].samples
        if sample.name == "mlc_webhooks_total"
    }

    assert "text/plain" in reply.head
    assert families.keys() >= {
        "mlc_webhooks",
        "mlc_webhook_ack_seconds",
        "mlc_database_up",
        "mlc_subjects_open",
        "mlc_subjects_open_age_seconds",
        "mlc_events",
        "mlc_lane_jobs",
        "mlc_limit_in_use",
        "mlc_limit_remaining",
        "mlc_token_expires_in_seconds",
        "mlc_token_problem",
    }
    assert min(answers["accepted"], answers["duplicate"], answers["401"]) >= 1
    assert [sample.value for sample in families["mlc_database_up"].samples] == [1.0]


def test_metrics_hold_no_secret(door: Door, receiver: Merchant) -> None:
    text = door.get("/metrics").body.decode()

    assert receiver.secret not in text
    assert receiver.world.token not in text


def test_what_nobody_can_read_of_one_connection_hides_no_metric(
    door: Door, receiver: Merchant
) -> None:
    name = f"odd-{next(receiver.numbers)}"
    receiver.rows(
        "with new as (insert into connection (name, mode, settings)"
        " values (%(name)s, 'live', '[]') returning name), looked as (insert into webhook_look"
        " (connection, looked_at, groups) select name, now(), '[[1]]' from new returning 1)"
        " select name from new",
        name=name,
    )
    reply = door.get("/metrics")
    text = reply.body.decode()
    receiver.rows(
        "with gone as (delete from connection where name = %(name)s returning 1)"
        " select count(*) from gone",
        name=name,
    )

    assert reply.status == 200
    assert f'mlc_lines_unexplained{{connection="{name}",flow="receiving"}} 0.0' in text
    assert 'mlc_webhook_subscriptions{connection="acme",state="enabled"}' in text


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_monitoring_is_only_read(door: Door, method: str) -> None:
    assert door.send(f"{method} /healthz", [(b"content-length", b"0")], []).status == 405


def test_an_unknown_address_is_not_found(door: Door) -> None:
    assert door.get("/nothing/here").status == 404


def test_while_the_database_is_away_webhooks_are_sent_again_later(
    door: Door, receiver: Merchant, server_url: str
) -> None:
    with database_away(receiver, server_url):
        refused = door.deliver({"id": 5}, webhook_id="msg_away")
        alive = door.get("/healthz")
        unready = door.get("/readyz")
        metrics = door.get("/metrics")
    wait_until(lambda: door.get("/readyz").status == 200)
    again = door.deliver({"id": 5}, webhook_id="msg_away")

    assert refused.status == 503
    assert refused.json["hint"]
    assert alive.status == 200
    assert (unready.status, unready.json["what"]) == (503, "database")
    assert metrics.status == 200
    up = {one.name: one for one in text_string_to_metric_families(metrics.body.decode())}
    assert [sample.value for sample in up["mlc_database_up"].samples] == [0.0]
    assert (again.status, again.json["status"]) == (200, "accepted")
    assert len(receiver.rows("select 1 from event where delivery_id = 'msg_away'")) == 1

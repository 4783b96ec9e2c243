"""Every answer of the webhook endpoint, over real HTTP, from the process that serves it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from standardwebhooks.webhooks import Webhook

from acceptance.merchant import Merchant
from acceptance.service import Process
from waiting import wait_until
from web.door import Door, new_secret, signed

WRO: dict[str, Any] = {"id": 90311, "status": "Processing"}


def kept(receiver: Merchant, webhook_id: str) -> list[dict[str, Any]]:
    return receiver.rows(
        "select e.*, s.key from event as e left join subject as s on s.id = e.subject_id"
        " where delivery_id = %(id)s",
        id=webhook_id,
    )


def test_a_signed_webhook_is_accepted_and_kept_as_it_came(door: Door, receiver: Merchant) -> None:
    body = b'{ "id": 90311,\n "status": "Processing", "note": "\\u0000\xc3\xa9" }'
    reply = door.deliver(body, webhook_id="msg_whole")
    [event] = kept(receiver, "msg_whole")

    assert (reply.status, reply.json) == (200, {"id": event["id"], "status": "accepted"})
    assert event["body"] == body
    assert (event["topic"], event["flow"], event["key"]) == ("wro.updated", "receiving", "90311")
    assert event["headers"]["x-webhook-topic"] == "wro.updated"
    assert "webhook-signature" not in event["headers"]


def test_the_svix_names_of_the_headers_are_taken_too(door: Door) -> None:
    body = json.dumps(WRO).encode()
    headers = signed(door.secret, body)
    renamed = {name.replace("webhook-", "svix-", 1): value for name, value in headers.items()}
    renamed["x-webhook-topic"] = renamed.pop("x-svix-topic", "wro.updated")

    assert door.post(body, renamed).status == 200


def test_a_request_without_a_signature_is_refused(door: Door, receiver: Merchant) -> None:
    before = receiver.rows("select count(*) from event")
    reply = door.post(b'{"id": 1}', {"x-webhook-topic": "wro.updated"})

    assert reply.status == 401
    assert "missing_header" in reply.json["error"]
    assert receiver.rows("select count(*) from event") == before


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_request_with_part_of_the_signature_is_refused(door: Door, missing: str) -> None:
    headers = signed(door.secret, b"{}")
    del headers[missing]

    assert door.post(b"{}", headers).status == 401


def test_a_wrong_secret_is_refused(door: Door) -> None:
    assert door.deliver(WRO, secret=new_secret()).status == 401


def test_one_changed_byte_is_refused(door: Door) -> None:
    body = json.dumps(WRO).encode()
    headers = signed(door.secret, body)

    assert door.post(body.replace(b"90311", b"90312"), headers).status == 401
    assert door.post(body + b" ", headers).status == 401


def test_a_changed_id_or_time_is_refused(door: Door) -> None:
    headers = signed(door.secret, b"{}")
    later = str(int(headers["webhook-timestamp"]) + 1)

    assert door.post(b"{}", {**headers, "webhook-id": "msg_other"}).status == 401
    assert door.post(b"{}", {**headers, "webhook-timestamp": later}).status == 401


@pytest.mark.parametrize(
    ("off", "status"),
    [
        (timedelta(seconds=-200), 200),
        (timedelta(seconds=-310), 401),
        (timedelta(days=-1), 401),
        (timedelta(seconds=290), 200),
        (timedelta(seconds=600), 401),
    ],
)
def test_only_a_timestamp_of_about_now_is_taken(door: Door, off: timedelta, status: int) -> None:
    assert door.deliver(WRO, at=datetime.now(UTC) + off).status == status


def test_several_secrets_are_good_while_they_rotate(door: Door, receiver: Merchant) -> None:
    following = new_secret()
    path = receiver.connection_file()
    text = path.read_text()
    path.write_text(
        text.replace(
            f'webhook_secrets = ["{receiver.secret}"]',
            f'webhook_secrets = ["{receiver.secret}", "{following}"]',
        )
    )
    applied = receiver.command("connection", "apply", str(path), "--no-ping")
    # Which secrets there are is read twice a second at most.
    wait_until(lambda: door.deliver(WRO, secret=following).status == 200)
    with_both = [door.deliver(WRO).status, door.deliver(WRO, secret=following).status]
    body = json.dumps(WRO).encode()
    both = signed(new_secret(), body, webhook_id="msg_twice_signed")
    both["webhook-signature"] += (
        " " + signed(following, body, webhook_id="msg_twice_signed")["webhook-signature"]
    )
    twice_signed = door.post(body, both).status
    receiver.apply()

    assert applied.status == 0, applied.err
    assert with_both == [200, 200]
    assert twice_signed == 200


def test_a_secret_that_was_taken_away_is_refused_by_what_runs(
    door: Door, receiver: Merchant
) -> None:
    old, receiver_file = new_secret(), receiver.connection_file()
    text = receiver_file.read_text()
    receiver_file.write_text(text.replace(receiver.secret, f'{receiver.secret}", "{old}'))
    receiver.command("connection", "apply", str(receiver_file), "--no-ping")
    before = door.deliver(WRO, secret=old).status
    receiver.apply()
    wait_until(lambda: door.deliver(WRO, secret=old).status == 401)

    assert before == 200
    assert door.deliver(WRO).status == 200


def test_the_same_delivery_again_is_a_duplicate_whatever_its_body(
    door: Door, receiver: Merchant
) -> None:
    first = door.deliver(WRO, webhook_id="msg_again")
    again = door.deliver(WRO, webhook_id="msg_again")
    other = door.deliver({"id": 7, "changed": True}, webhook_id="msg_again")
    [event] = kept(receiver, "msg_again")

    assert first.json["status"] == "accepted"
    assert [again.json, other.json] == [{"id": event["id"], "status": "duplicate"}] * 2
    assert json.loads(event["body"]) == WRO


def test_the_same_delivery_many_times_at_once_is_kept_once(door: Door, receiver: Merchant) -> None:
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: door.deliver(WRO, webhook_id="msg_at_once"), range(24)))
    [event] = kept(receiver, "msg_at_once")
    words = sorted(reply.json["status"] for reply in replies)

    assert {reply.json["id"] for reply in replies} == {event["id"]}
    assert words == ["accepted"] + ["duplicate"] * 23


def test_different_deliveries_at_once_are_all_kept(door: Door, receiver: Merchant) -> None:
    with ThreadPoolExecutor(12) as pool:
        replies = list(
            pool.map(
                lambda n: door.deliver({"id": 500 + n % 5}, webhook_id=f"msg_many_{n}"), range(48)
            )
        )
    stored = receiver.rows("select id from event where delivery_id like 'msg_many_%%'")

    assert {reply.json["status"] for reply in replies} == {"accepted"}
    assert {reply.json["id"] for reply in replies} == {row["id"] for row in stored}
    assert len(stored) == 48


def test_a_body_of_two_mebibytes_is_too_large_as_announced(door: Door) -> None:
    body = b'{"id": 1, "x": "' + b"a" * (2 << 20) + b'"}'

    assert door.deliver(body).status == 413


def test_a_body_of_two_mebibytes_is_too_large_in_chunks_too(door: Door) -> None:
    part = b"a" * 65536
    chunk = b"%x\r\n%s\r\n" % (len(part), part)
    headers = [(name.encode(), value.encode()) for name, value in signed(door.secret, b"").items()]
    reply = door.send(
        "POST /webhooks/shipbob/acme",
        [(b"transfer-encoding", b"chunked"), *headers],
        [chunk] * 32 + [b"0\r\n\r\n"],
    )

    assert reply.status == 413


def test_a_body_of_just_one_mebibyte_is_taken_in_chunks_too(door: Door) -> None:
    body = b'{"id": 1, "x": "' + b"a" * ((1 << 20) - 18) + b'"}'
    headers = [
        (name.encode(), value.encode()) for name, value in signed(door.secret, body).items()
    ]
    halves = [body[:700_000], body[700_000:]]
    chunks = [b"%x\r\n%s\r\n" % (len(half), half) for half in halves]
    reply = door.send(
        "POST /webhooks/shipbob/acme",
        [(b"transfer-encoding", b"chunked"), *headers],
        [*chunks, b"0\r\n\r\n"],
    )

    assert len(body) == 1 << 20
    assert reply.status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b'{"id": 1',
        b'{"id": "\xff\xfe"}',
        "{}".encode("utf-16"),
        b'{"id": NaN}',
        b"[" * 100_000,
        b'{"id": "\\ud800"}',
    ],
    ids=["empty", "text", "cut off", "not utf-8", "utf-16", "nan", "deep", "lone surrogate"],
)
def test_a_signed_body_that_is_not_json_is_refused(door: Door, body: bytes) -> None:
    reply = door.deliver(body)

    assert reply.status == 400
    assert reply.json["error"]


def test_a_signed_body_that_is_not_json_is_counted_and_kept_as_a_sample(
    door: Door, receiver: Merchant
) -> None:
    body = b"<html>not what was promised \xff</html>"
    assert door.deliver(body).status == 400
    begins = "select sample from webhook_refusal where reason = 'not_json' and sample = %(body)s"
    wait_until(lambda: receiver.rows(begins, body=body))
    shown = receiver.command("webhooks", "list")

    assert "signed rightly and is no JSON" in shown.out
    assert "It began with: '<html>not what was promised" in shown.out
    assert "Next: See its beginning" in shown.out


def test_a_strangers_body_is_never_kept(door: Door, receiver: Merchant) -> None:
    assert door.post(b"CANARY of a stranger", {}).status == 401
    assert (
        receiver.rows("select 1 from webhook_refusal where sample like '%%CANARY%%'::bytea") == []
    )


def test_a_byte_order_mark_before_json_is_passed_over(door: Door, receiver: Merchant) -> None:
    reply = door.deliver(b"\xef\xbb\xbf" + json.dumps(WRO).encode(), webhook_id="msg_marked")
    [event] = kept(receiver, "msg_marked")

    assert reply.json["status"] == "accepted"
    assert event["status"] == "received"
    assert event["subject_id"] is not None


def test_json_that_is_not_signed_is_judged_by_the_signature_first(door: Door) -> None:
    assert door.post(b"not json", {}).status == 401


def test_an_unknown_connection_is_not_found(door: Door) -> None:
    reply = door.deliver(WRO, connection="nobody")

    assert reply.status == 404
    assert reply.json["hint"]


@pytest.mark.parametrize(
    "path",
    [
        "x/y/acme",
        "/acme",
        "acme/",
        "acme/x",
        "x%2facme",
        "..%2fshipbob%2facme",
        "acme;x",
        "acme%00",
        "ACME",
        "",
        "a" * 41,
    ],
)
def test_only_the_whole_path_is_the_endpoint(door: Door, path: str) -> None:
    assert door.deliver(WRO, connection=path).status == 404


def test_get_is_not_allowed(door: Door) -> None:
    assert door.get("/webhooks/shipbob/acme").status == 405


def test_a_topic_that_no_flow_handles_is_kept_as_ignored(door: Door, receiver: Merchant) -> None:
    reply = door.deliver({"id": 5}, topic="some.day.new", webhook_id="msg_new_topic")
    [event] = kept(receiver, "msg_new_topic")

    assert reply.json["status"] == "accepted"
    assert (event["status"], event["topic"], event["subject_id"]) == (
        "ignored",
        "some.day.new",
        None,
    )


def test_a_webhook_without_a_topic_is_kept_as_ignored(door: Door, receiver: Merchant) -> None:
    reply = door.deliver({"id": 5}, topic=None, webhook_id="msg_no_topic")
    [event] = kept(receiver, "msg_no_topic")

    assert reply.status == 200
    assert (event["status"], event["topic"]) == ("ignored", "(none)")


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": -4}, [], 7, "x", {"id": 2**63}])
def test_a_handled_topic_that_names_nothing_is_kept_as_dead(
    door: Door, receiver: Merchant, body: object
) -> None:
    name = f"msg_nothing_{json.dumps(body).encode().hex()}"
    reply = door.deliver(body, webhook_id=name)
    [event] = kept(receiver, name)

    assert reply.status == 200
    assert (event["status"], event["cause"]) == ("dead", "event_unreadable")
    assert event["sentence"]
    assert event["remedy"]


def test_the_librarys_own_check_agrees_with_what_is_accepted(door: Door) -> None:
    body = json.dumps(WRO).encode()
    headers = signed(door.secret, body)
    said = Webhook(door.secret).verify(body.decode(), headers)

    assert said == WRO
    assert door.post(body, headers).status == 200


def test_the_answer_comes_only_after_the_commit(door: Door, receiver: Merchant) -> None:
    assert receiver.database_url is not None
    answered = threading.Event()

    def deliver() -> int:
        try:
            return door.deliver(WRO, webhook_id="msg_held").status
        finally:
            answered.set()

    with ThreadPoolExecutor(1) as pool:
        with psycopg.connect(receiver.database_url) as holder:
            holder.execute("lock table event in share mode")
            reply = pool.submit(deliver)
            wait_until(lambda: receiver.rows("select 1 from pg_locks where not granted"))
            before = answered.is_set()
            holder.rollback()
        status = reply.result()

    assert not before
    assert status == 200
    assert len(kept(receiver, "msg_held")) == 1


def test_what_is_not_stored_in_time_is_answered_while_it_still_waits(
    door: Door, receiver: Merchant, web: Process
) -> None:
    assert receiver.database_url is not None
    with psycopg.connect(receiver.database_url) as holder:
        holder.execute("lock table event in share mode")
        refused = door.deliver(WRO, webhook_id="msg_late")  # returns, although the lock is held
        waiting = receiver.rows("select 1 from pg_locks where not granted")
        holder.rollback()
    again = wait_until(
        lambda: [
            reply for reply in [door.deliver(WRO, webhook_id="msg_late")] if reply.status == 200
        ]
    )

    assert refused.status == 503
    assert refused.json["hint"]
    assert "the database did not answer in 4 s" in web.said
    assert waiting
    assert again[0].json["status"] in {"accepted", "duplicate"}
    assert len(kept(receiver, "msg_late")) == 1


@pytest.mark.parametrize("table", ["event", "connection"])
def test_each_delivery_that_is_refused_for_the_database_is_counted_once(
    door: Door, receiver: Merchant, table: str
) -> None:
    assert receiver.database_url is not None
    assert door.deliver(WRO).status == 200  # the connection is known
    before = not_stored(door, receiver)
    with psycopg.connect(receiver.database_url) as holder:
        holder.execute(f"lock table {table} in access exclusive mode".encode())
        wait_until(lambda: door.deliver(WRO).status == 503)  # what was read just now is good
        again = door.deliver(WRO).status
        unknown = door.post(b"{}", {}, connection="nobody").status
        holder.rollback()
    after = not_stored(door, receiver)

    assert again == 503
    assert unknown in {404, 503}
    assert after == before + 2


def not_stored(door: Door, receiver: Merchant) -> int:
    """Return how many were refused for storage, when whatever was refused so far is counted."""

    def times(reason: str) -> int:
        found = receiver.rows(
            "select coalesce(sum(times), 0)::int as times from webhook_refusal"
            " where reason = %(reason)s",
            reason=reason,
        )
        return int(found[0]["times"])

    last = times("missing_header")
    assert door.post(b"{}", {}).status == 401
    wait_until(lambda: times("missing_header") > last)
    return times("not_stored")

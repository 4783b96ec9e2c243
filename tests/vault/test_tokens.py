import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from ml_connector.errors import NeedsHuman, Retryable
from ml_connector.secret import Secret
from ml_connector.storage.database import Database
from ml_connector.vault.leases import free_tokens_of_the_dead
from ml_connector.vault.masterkey import KeyRing, MasterKey
from ml_connector.vault.token_row import TokenRow
from ml_connector.vault.tokens import NewToken, Token, Tokens
from ml_connector.words import Cause
from waiting import answers_of

RING = KeyRing((MasterKey.of(b"k" * 32),))
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Endpoint:
    """A token endpoint that rotates refresh tokens, and counts."""

    def __init__(self) -> None:
        self.count = 0
        self.seen: list[Token | None] = []
        self.asked = asyncio.Condition()
        self.open = asyncio.Event()
        self.open.set()
        self.fault: Exception | None = None
        self.refresh = True

    async def __call__(self, token: Token | None) -> NewToken:
        self.seen.append(token)
        self.count += 1
        number = self.count
        async with self.asked:
            self.asked.notify_all()
        await self.open.wait()
        if self.fault is not None:
            raise self.fault
        refresh = Secret(f"CANARY-refresh-{number}") if self.refresh else None
        return NewToken(Secret(f"CANARY-access-{number}"), 1000, refresh)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture(autouse=True)
async def connection(database: Database) -> None:
    await database.fetch(
        "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
    )


@pytest.fixture
async def tokens(database: Database, clock: Clock) -> AsyncIterator[Tokens]:
    made = Tokens(database, RING, holder="one", clock=clock)
    yield made
    await made.aclose()


@pytest.fixture
async def others(database: Database, clock: Clock) -> AsyncIterator[Tokens]:
    """The tokens of another process."""
    made = Tokens(database, RING, holder="two", clock=clock)
    yield made
    await made.aclose()


async def until(seen: Endpoint, count: int) -> None:
    async with seen.asked:
        await seen.asked.wait_for(lambda: seen.count >= count)


async def test_the_first_token_is_asked_for_once_by_all(
    tokens: Tokens, others: Tokens, endpoint: Endpoint
) -> None:
    found = await asyncio.gather(
        *(each.valid("acme", "shipbob", endpoint) for each in [tokens, others] * 20)
    )

    assert endpoint.count == 1
    assert endpoint.seen == [None]
    assert {each.access.reveal() for each in found} == {"CANARY-access-1"}


async def test_a_young_token_is_used_again(
    tokens: Tokens, endpoint: Endpoint, clock: Clock
) -> None:
    first = await tokens.valid("acme", "shipbob", endpoint)
    clock.advance(790)

    assert await tokens.valid("acme", "shipbob", endpoint) == first
    assert endpoint.count == 1


async def test_a_token_is_renewed_early_while_others_go_on_with_it(
    tokens: Tokens, others: Tokens, endpoint: Endpoint, clock: Clock
) -> None:
    old = await tokens.valid("acme", "shipbob", endpoint)
    clock.advance(860)
    endpoint.open.clear()
    renewing = asyncio.create_task(tokens.valid("acme", "shipbob", endpoint))
    await until(endpoint, 2)
    meanwhile = [
        await tokens.valid("acme", "shipbob", endpoint),
        await others.valid("acme", "shipbob", endpoint),
    ]
    endpoint.open.set()
    new = await renewing

    assert meanwhile == [old, old]
    assert new.access.reveal() == "CANARY-access-2"
    assert new.version == old.version + 1
    assert endpoint.count == 2


async def test_an_expired_token_is_waited_for(
    tokens: Tokens, others: Tokens, endpoint: Endpoint, clock: Clock
) -> None:
    await tokens.valid("acme", "shipbob", endpoint)
    clock.advance(1001)
    found = await asyncio.gather(
        *(each.valid("acme", "shipbob", endpoint) for each in [tokens, others] * 10)
    )

    assert endpoint.count == 2
    assert {each.access.reveal() for each in found} == {"CANARY-access-2"}


async def test_the_previous_refresh_token_is_kept_until_the_new_one_has_worked(
    tokens: Tokens, endpoint: Endpoint, clock: Clock
) -> None:
    for _ in range(3):
        token = await tokens.valid("acme", "shipbob", endpoint)
        clock.advance(1001)
    seen = [
        (each.refresh.reveal(), each.previous_refresh and each.previous_refresh.reveal())
        for each in endpoint.seen
        if each and each.refresh
    ]

    assert seen == [
        ("CANARY-refresh-1", None),
        ("CANARY-refresh-2", "CANARY-refresh-1"),
    ]
    assert token.refresh == Secret("CANARY-refresh-3")
    assert token.previous_refresh == Secret("CANARY-refresh-2")


async def test_a_refresh_token_that_is_not_rotated_goes_on(
    tokens: Tokens, endpoint: Endpoint, clock: Clock
) -> None:
    await tokens.valid("acme", "shipbob", endpoint)
    clock.advance(1001)
    endpoint.refresh = False
    token = await tokens.valid("acme", "shipbob", endpoint)

    assert token.refresh == Secret("CANARY-refresh-1")


async def test_a_new_pair_is_stored_before_anybody_has_it(
    tokens: Tokens, endpoint: Endpoint, database: Database
) -> None:
    token = await tokens.valid("acme", "shipbob", endpoint)
    stored = await TokenRow(database, RING, "acme", "shipbob").read()

    assert stored.token == token


async def test_a_refused_token_is_renewed_once_for_all_who_were_refused(
    tokens: Tokens, others: Tokens, endpoint: Endpoint
) -> None:
    old = await tokens.valid("acme", "netsuite", endpoint)
    found = await asyncio.gather(
        *(each.refused("acme", "netsuite", old, endpoint) for each in [tokens, others] * 10)
    )

    assert endpoint.count == 2
    assert {each.access.reveal() for each in found} == {"CANARY-access-2"}


async def test_a_refused_token_is_not_given_out_while_it_is_renewed(
    tokens: Tokens, endpoint: Endpoint, database: Database
) -> None:
    old = await tokens.valid("acme", "netsuite", endpoint)
    endpoint.open.clear()
    refused = asyncio.create_task(tokens.refused("acme", "netsuite", old, endpoint))
    await until(endpoint, 2)
    asking = asyncio.create_task(tokens.valid("acme", "netsuite", endpoint))
    await answers_of(database)
    endpoint.open.set()

    assert await asking == await refused
    assert endpoint.count == 2


async def test_a_refused_renewal_is_remembered_until_credentials_are_applied_anew(
    tokens: Tokens, others: Tokens, endpoint: Endpoint
) -> None:
    endpoint.fault = NeedsHuman(
        "ShipBob refused the refresh token",
        cause=Cause.CREDENTIALS_INVALID,
        remedy="Give consent again.",
    )
    with pytest.raises(NeedsHuman):
        await tokens.valid("acme", "shipbob", endpoint)
    with pytest.raises(NeedsHuman) as caught:
        await others.valid("acme", "shipbob", endpoint)
    asked = endpoint.count
    endpoint.fault = None
    await others.clear_problem("acme", "shipbob")
    token = await tokens.valid("acme", "shipbob", endpoint)

    assert asked == 1
    assert str(caught.value) == "ShipBob refused the refresh token"
    assert caught.value.cause is Cause.CREDENTIALS_INVALID
    assert caught.value.remedy == "Give consent again."
    assert token.access.reveal() == "CANARY-access-2"


@pytest.mark.parametrize("kind", ["retryable", "needs_human"])
async def test_a_token_endpoint_that_is_away_is_asked_again(
    tokens: Tokens, endpoint: Endpoint, kind: str
) -> None:
    endpoint.fault = (
        Retryable("ShipBob is away")
        if kind == "retryable"
        else NeedsHuman("ShipBob is away", cause=Cause.UPSTREAM_UNAVAILABLE, remedy="Wait.")
    )
    with pytest.raises((Retryable, NeedsHuman)):
        await tokens.valid("acme", "shipbob", endpoint)
    endpoint.fault = None

    assert (await tokens.valid("acme", "shipbob", endpoint)).version == 1


async def test_a_valid_token_goes_on_while_the_endpoint_is_away(
    tokens: Tokens, endpoint: Endpoint, clock: Clock
) -> None:
    old = await tokens.valid("acme", "shipbob", endpoint)
    clock.advance(860)
    endpoint.fault = Retryable("ShipBob is away")
    found = [await tokens.valid("acme", "shipbob", endpoint) for _ in range(5)]

    assert found == [old] * 5
    assert endpoint.count == 2


async def test_a_bug_in_a_renewal_frees_the_lease(tokens: Tokens, endpoint: Endpoint) -> None:
    endpoint.fault = ZeroDivisionError("oh")
    with pytest.raises(ZeroDivisionError):
        await tokens.valid("acme", "shipbob", endpoint)
    endpoint.fault = None

    assert (await tokens.valid("acme", "shipbob", endpoint)).version == 1


async def test_a_caller_that_gives_up_does_not_lose_the_pair(
    tokens: Tokens, endpoint: Endpoint, database: Database
) -> None:
    endpoint.open.clear()
    impatient = asyncio.create_task(tokens.valid("acme", "shipbob", endpoint))
    await until(endpoint, 1)
    impatient.cancel()
    await asyncio.wait([impatient])
    endpoint.open.set()
    await tokens.aclose()
    stored = await TokenRow(database, RING, "acme", "shipbob").read()

    assert stored.token is not None
    assert stored.token.refresh == Secret("CANARY-refresh-1")


async def test_a_process_that_died_renewing_is_succeeded_when_its_lease_ends(
    tokens: Tokens, endpoint: Endpoint, database: Database
) -> None:
    row = TokenRow(database, RING, "acme", "shipbob")
    await row.read()
    await row.lease(0, holder="dead", seconds=0.3)

    token = await tokens.valid("acme", "shipbob", endpoint)

    assert token.version == 1


async def test_a_late_renewal_does_not_overwrite_a_newer_pair(
    tokens: Tokens, others: Tokens, endpoint: Endpoint
) -> None:
    endpoint.open.clear()
    late = asyncio.create_task(tokens.valid("acme", "shipbob", endpoint))
    await until(endpoint, 1)
    await others.put("acme", "shipbob", NewToken(Secret("by consent"), 1000, Secret("r")))
    endpoint.open.set()

    assert (await late).access == Secret("by consent")


async def test_another_workers_renewal_is_noticed(
    tokens: Tokens, others: Tokens, endpoint: Endpoint, clock: Clock
) -> None:
    await others.valid("acme", "shipbob", endpoint)
    clock.advance(900)
    new = await tokens.valid("acme", "shipbob", endpoint)

    assert await others.valid("acme", "shipbob", endpoint) == new
    assert endpoint.count == 2


async def test_forgotten_tokens_begin_again_from_the_credentials(
    tokens: Tokens, endpoint: Endpoint
) -> None:
    await tokens.valid("acme", "shipbob", endpoint)
    await tokens.forget("acme", "shipbob")
    await tokens.valid("acme", "shipbob", endpoint)

    assert endpoint.seen == [None, None]


async def test_clocks_tell_the_life_and_the_problem_of_every_token(
    tokens: Tokens, endpoint: Endpoint
) -> None:
    await tokens.valid("acme", "netsuite", endpoint)
    endpoint.fault = NeedsHuman("Refused", cause=Cause.CREDENTIALS_INVALID, remedy="Consent.")
    with pytest.raises(NeedsHuman):
        await tokens.valid("acme", "shipbob", endpoint)
    netsuite, shipbob = await tokens.clocks()

    assert (netsuite.system, netsuite.expires_at) == ("netsuite", START + timedelta(seconds=1000))
    assert netsuite.problem is None
    assert (shipbob.system, shipbob.expires_at) == ("shipbob", None)
    assert shipbob.problem is not None
    assert shipbob.problem.sentence == "Refused"


async def test_no_row_log_or_text_holds_a_token_in_plain(  # noqa: PLR0917 - fixtures
    tokens: Tokens,
    endpoint: Endpoint,
    clock: Clock,
    database: Database,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = await tokens.valid("acme", "shipbob", endpoint)
    clock.advance(1001)
    endpoint.fault = NeedsHuman(
        "Refused: CANARY-refresh-1", cause=Cause.CREDENTIALS_INVALID, remedy="Consent."
    )
    with pytest.raises(NeedsHuman):
        await tokens.valid("acme", "shipbob", endpoint)
    dump = await database.fetch(
        "select row_to_json(token)::text as text, encode(ciphertext, 'escape') as raw from token"
    )
    shown = json.dumps(dump) + repr(token) + str(token) + repr(await tokens.clocks())
    shown += repr(vars(tokens)) + "".join(capsys.readouterr()) + caplog.text

    assert "CANARY" not in shown


async def test_pairs_of_another_connection_do_not_open(
    tokens: Tokens, endpoint: Endpoint, database: Database
) -> None:
    await database.fetch(
        "insert into connection (name, mode, settings) values ('other', 'live', '{}')"
    )
    await tokens.valid("acme", "shipbob", endpoint)
    await database.fetch("update token set connection = 'other'")
    with pytest.raises(NeedsHuman, match=r"other/token\.shipbob can't be opened"):
        await tokens.valid("other", "shipbob", endpoint)


async def test_rotation_rewraps_tokens_without_changing_them(
    tokens: Tokens, endpoint: Endpoint, database: Database, clock: Clock
) -> None:
    token = await tokens.valid("acme", "shipbob", endpoint)
    newer = KeyRing((MasterKey.of(b"n" * 32), *RING.keys))
    rotated = Tokens(database, newer, holder="new", clock=clock)
    count = (await rotated.rewrap()).wrapped
    alone = Tokens(database, KeyRing(newer.keys[:1]), holder="alone", clock=clock)

    assert count == 1
    assert (await rotated.rewrap()).wrapped == 0
    assert await alone.valid("acme", "shipbob", endpoint) == token


async def test_a_connection_that_does_not_exist_has_no_token(
    tokens: Tokens, endpoint: Endpoint
) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await tokens.valid("nobody", "shipbob", endpoint)


# A clock that was ahead and is put right.


async def test_a_token_of_the_future_is_renewed_and_used_meanwhile(
    tokens: Tokens, endpoint: Endpoint, clock: Clock
) -> None:
    clock.advance(365 * 86_400)
    await tokens.valid("acme", "shipbob", endpoint)
    clock.now = START
    found = await tokens.valid("acme", "shipbob", endpoint)

    assert found.access.reveal() == "CANARY-access-2"
    assert found.obtained_at == START


async def lease_left(database: Database) -> float:
    [row] = await database.fetch(
        "select extract(epoch from lease_until - now())::float8 as seconds from token"
    )
    return float(row["seconds"])


async def test_a_lease_that_lasts_for_years_is_held_to_the_longest(
    database: Database, tokens: Tokens, endpoint: Endpoint, clock: Clock
) -> None:
    old = await tokens.valid("acme", "shipbob", endpoint)
    await database.fetch(
        "update token set lease_holder = 'another', lease_until = now() + interval '30 years'"
    )
    clock.advance(900)
    meanwhile = await tokens.valid("acme", "shipbob", endpoint)

    assert meanwhile == old
    assert 0 < await lease_left(database) <= 60
    assert endpoint.count == 1


async def test_a_renewal_goes_on_when_such_a_lease_is_over(
    database: Database, clock: Clock, endpoint: Endpoint
) -> None:
    tokens = Tokens(database, RING, holder="one", clock=clock, lease_seconds=0.2)
    await tokens.valid("acme", "shipbob", endpoint)
    await database.fetch(
        "update token set lease_holder = 'another', lease_until = now() + interval '30 years'"
    )
    clock.advance(1001)
    found = await tokens.valid("acme", "shipbob", endpoint)

    assert found.access.reveal() == "CANARY-access-2"


# Holders that died.


@pytest.mark.parametrize(("alive", "left"), [(True, True), (False, False)])
async def test_a_renewal_of_a_process_that_is_gone_is_free_at_once(
    database: Database, tokens: Tokens, endpoint: Endpoint, *, alive: bool, left: bool
) -> None:
    await tokens.valid("acme", "shipbob", endpoint)
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await ended.wait()
    number = os.getpid() if alive else ended.pid
    await database.fetch(
        "update token set lease_holder = %(holder)s, lease_until = now() + interval '1 minute'",
        {"holder": f"{socket.gethostname()}:{number}:abc"},
    )
    await free_tokens_of_the_dead(database)

    assert (await lease_left(database) > 0) == left

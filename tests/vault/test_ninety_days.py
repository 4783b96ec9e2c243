"""Three workers, ninety simulated days, ShipBob's rotating refresh tokens: nothing is lost."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx2
import pytest

from ml_connector.errors import ConnectorError, NeedsHuman, Retryable
from ml_connector.secret import Secret
from ml_connector.shipbob.sign_in.access import ConsentAccess
from ml_connector.shipbob.sign_in.oauth import Application
from ml_connector.sim.clock import Clock
from ml_connector.sim.shipbob import ShipBobSim
from ml_connector.storage.database import Database
from ml_connector.transport.call import Answer, Call, Classify
from ml_connector.vault.masterkey import KeyRing, MasterKey
from ml_connector.vault.tokens import Tokens
from waiting import until

RING = KeyRing((MasterKey.of(b"k" * 32),))
START = datetime(2026, 1, 1, tzinfo=UTC)


class Wire:
    """Carries calls to the simulated OAuth host, and fails as asked.

    Attributes:
        fails: the share of renewals that fail, before ShipBob has done anything.
        shown: how often each refresh token was shown to ShipBob and came through.
        hang_after: the next renewal is done at ShipBob, and its answer never comes.
    """

    def __init__(self, sim: ShipBobSim, *, fails: float = 0.0, seed: int = 1) -> None:
        self._client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=sim.auth), base_url="http://auth.test"
        )
        self._random = random.Random(seed)
        self.fails = fails
        self.shown: Counter[str] = Counter()
        self.failed = 0
        self.hang_after = False

    async def send(self, call: Call, classify: Classify) -> Answer:
        if self._random.random() < self.fails:
            self.failed += 1
            raise self._failure(classify)
        assert call.body is not None
        self.shown[parse_qs(call.body.decode())["refresh_token"][0]] += 1
        answer = await self._client.post(
            "/connect/token", content=call.body, headers=dict(call.headers)
        )
        if self.hang_after:
            self.hang_after = False
            await asyncio.Event().wait()
        made = Answer(
            status=answer.status_code,
            headers=dict(answer.headers),
            body=answer.content,
            seconds=0.0,
        )
        failure = classify(made)
        if failure is not None:
            raise failure
        return made

    def _failure(self, classify: Classify) -> ConnectorError:
        page = Answer(
            status=self._random.choice([500, 502, 503, 520]),
            headers={"content-type": "text/html"},
            body=b"<html>Bad gateway</html>",
            seconds=0.0,
        )
        failure = classify(page)
        assert isinstance(failure, Retryable)
        return failure

    async def aclose(self) -> None:
        await self._client.aclose()


class House:
    """A merchant's consent at ShipBob, and workers that share one database."""

    def __init__(self, url: str) -> None:
        self.clock = Clock(START, speed=0)
        self.sim = ShipBobSim(clock=self.clock)
        self.application = self.sim.add_application("app", "secret")
        self.first = Secret(self.sim.consent("app"))
        self.wire = Wire(self.sim)
        self._url = url
        self._stack = AsyncExitStack()
        self.tokens: list[Tokens] = []

    async def worker(self, wire: Wire | None = None) -> ConsentAccess:
        """One more process."""
        database = await self._stack.enter_async_context(Database(self._url, size=4))
        tokens = Tokens(database, RING, holder=f"worker {len(self.tokens)}", clock=self.clock.now)
        self.tokens.append(tokens)
        return ConsentAccess(
            wire or self.wire,
            tokens,
            Application(
                connection="acme",
                auth_url="http://auth.test",
                client_id="app",
                client_secret=Secret("secret"),
            ),
            api_url="http://127.0.0.1",
            first_refresh=self.first,
        )

    def works(self, token: Secret) -> bool:
        return self.sim.books.access.caller(token.reveal(), self.clock.now()) is not None

    async def aclose(self) -> None:
        await self._stack.aclose()
        await self.wire.aclose()


@pytest.fixture
async def house(database: Database, database_url: str) -> AsyncIterator[House]:
    await database.fetch(
        "insert into connection (name, mode, settings) values ('acme', 'live', '{}')"
    )
    made = House(database_url)
    yield made
    await made.aclose()


async def test_ninety_days_with_failing_renewals_lose_no_authorisation(house: House) -> None:
    workers = [await house.worker() for _ in range(3)]
    house.wire.fails = 0.05
    unlucky = 0
    hours = 0.0
    chance = random.Random(7)
    while hours < 90 * 24:
        # A busy day a week, the others quiet, and some when nobody looks for a day.
        day = int(hours // 24)
        step = 0.9 if day % 7 == 0 else chance.choice([3.0, 6.0, 24.0])
        house.clock.advance(timedelta(hours=step))
        hours += step
        found = await asyncio.gather(*(one.bearer() for one in workers), return_exceptions=True)
        for bearer in found:
            if isinstance(bearer, BaseException):
                assert isinstance(bearer, Retryable), bearer
                unlucky += 1
            else:
                assert house.works(bearer.access)
    house.wire.fails = 0.0
    at_the_end = [await one.bearer() for one in workers]

    assert all(house.works(bearer.access) for bearer in at_the_end)
    assert house.wire.failed >= 10
    assert set(house.wire.shown.values()) == {1}  # nobody ever showed a spent one
    assert len(house.wire.shown) > 300
    assert unlucky < len(house.wire.shown) // 10


async def test_all_who_need_a_token_at_once_share_one_renewal(house: House) -> None:
    workers = [await house.worker() for _ in range(3)]
    await asyncio.gather(*(one.bearer() for one in workers * 10))
    house.clock.advance(timedelta(hours=2))
    found = await asyncio.gather(*(one.bearer() for one in workers * 10))

    assert len({bearer.access.reveal() for bearer in found}) == 1
    assert list(house.wire.shown.values()) == [1, 1]


async def killed_after_renewal(house: House, database: Database) -> ConsentAccess:
    """Let a worker renew and die before it stores the pair; return another worker."""
    doomed, other = await house.worker(), await house.worker()
    await other.bearer()
    house.clock.advance(timedelta(hours=2))
    house.wire.hang_after = True
    dying = asyncio.create_task(doomed.bearer())
    await until(lambda: not house.wire.hang_after)
    dying.cancel()
    [renewal] = list(house.tokens[-2]._renewals.values())  # noqa: SLF001 - what a kill would end
    renewal.cancel()
    await asyncio.gather(dying, renewal, return_exceptions=True)
    # A dead process gives nothing back: its lease runs out by itself.
    await database.fetch("update token set lease_until = '-infinity'")
    return other


async def test_a_kill_between_renewal_and_storing_is_told_and_not_tried_for_ever(
    house: House, database: Database
) -> None:
    other = await killed_after_renewal(house, database)
    with pytest.raises(NeedsHuman, match="invalid_grant") as lost:
        await other.bearer()
    shown = house.wire.shown.total()
    for _ in range(5):
        house.clock.advance(timedelta(hours=3))
        with pytest.raises(NeedsHuman):
            await other.bearer()

    assert "connection consent" in lost.value.remedy
    assert house.wire.shown.total() == shown  # it is final: nothing more is asked
    [clock] = await house.tokens[-1].clocks()
    assert clock.problem is not None


async def test_a_kill_is_survived_where_shipbob_takes_the_old_token_once_more(
    house: House, database: Database
) -> None:
    other = await killed_after_renewal(house, database)
    access = house.sim.books.access
    for text, grant in list(access.spent.items()):
        access.grants.setdefault(text, grant)  # a time of grace
    bearer = await other.bearer()

    assert house.works(bearer.access)


async def test_consent_given_again_ends_it(house: House, database: Database) -> None:
    other = await killed_after_renewal(house, database)
    with pytest.raises(NeedsHuman):
        await other.bearer()
    again = await house.worker()
    anew = ConsentAccess(
        house.wire,
        Tokens(database, RING, holder="browser", clock=house.clock.now),
        Application(
            connection="acme",
            auth_url="http://auth.test",
            client_id="app",
            client_secret=Secret("secret"),
        ),
        api_url="http://127.0.0.1",
        first_refresh=Secret(house.sim.consent("app")),
    )
    await house.tokens[-1].forget("acme", "shipbob")
    await anew.bearer()
    found = [await one.bearer() for one in (other, again)]

    assert all(house.works(bearer.access) for bearer in found)

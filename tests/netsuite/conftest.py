from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pytest_httpserver import HTTPServer

from ml_connector.netsuite.account import Account
from ml_connector.netsuite.client import NetSuite
from ml_connector.netsuite.session import NetSuiteSession
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.secret import Secret
from ml_connector.storage.database import Database
from ml_connector.transport.http.client import Transport
from ml_connector.transport.http.holds import NothingHeld
from ml_connector.transport.limits.limits import Limits
from ml_connector.vault.tokens import Token


def as_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Secret:
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Secret(text.decode())


@pytest.fixture(scope="session")
def rsa_pem() -> Secret:
    return as_pem(rsa.generate_private_key(public_exponent=65537, key_size=3072))


@pytest.fixture(scope="session")
def ec_pem() -> Secret:
    return as_pem(ec.generate_private_key(ec.SECP256R1()))


class CountedAuth:
    """Gives out token-1, and the next one whenever that one was refused."""

    def __init__(self, renewals: list[Token]) -> None:
        self._renewals = renewals

    async def token(self) -> Token:
        now = datetime(2026, 11, 20, 9, tzinfo=UTC)
        number = len(self._renewals) + 1
        return Token(
            access=Secret(f"token-{number}"),
            expires_at=now + timedelta(hours=1),
            refresh=None,
            previous_refresh=None,
            version=number,
            obtained_at=now,
        )

    async def renewed(self, refused: Token) -> Token:
        self._renewals.append(refused)
        return await self.token()


@pytest.fixture
def renewals() -> list[Token]:
    """The tokens that were refused and renewed, in order."""
    return []


@pytest.fixture
def account(httpserver: HTTPServer) -> Account:
    return Account.of("1234567_SB1", base_url=httpserver.url_for("").rstrip("/"))


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    # No call here names a limit, so nothing is asked of the database.
    limits = Limits(Database("postgresql://127.0.0.1:1/none"), holder="test")
    async with Transport(limits=limits, holds=NothingHeld()) as opened:
        yield opened


@pytest.fixture
def now() -> list[float]:
    """The session's monotonic clock; tests set its one value."""
    return [1000.0]


@pytest.fixture
def session(transport: Transport, renewals: list[Token], now: list[float]) -> NetSuiteSession:
    return NetSuiteSession(
        transport,
        CountedAuth(renewals),
        connection="acme",
        limit_key="",
        monotonic=lambda: now[0],
    )


@pytest.fixture
def suiteql(session: NetSuiteSession, account: Account, now: list[float]) -> SuiteQL:
    return SuiteQL(session, account, monotonic=lambda: now[0])


@pytest.fixture
def client(transport: Transport, renewals: list[Token], account: Account) -> NetSuite:
    return NetSuite(transport, "acme", account, CountedAuth(renewals), "")

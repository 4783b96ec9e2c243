"""The way to a PostgreSQL of one's own: encrypted and verified, unless its URL says otherwise."""

import asyncio
import os
import re
import subprocess
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from structlog.testing import capture_logs

import ml_connector
from ml_connector.app.installation.database_server import database_server
from ml_connector.authorities import file_of_this_machine
from ml_connector.config.settings import Settings
from ml_connector.engine.work.lanes import Lanes
from ml_connector.errors import UserError
from ml_connector.flows import FLOWS
from ml_connector.reconcile.stored import stored
from ml_connector.storage import schema, snapshots
from ml_connector.storage.backup.dump import dumped
from ml_connector.storage.backup.sealed import BackupHead
from ml_connector.storage.connection_string import conninfo, environment, parameters
from ml_connector.storage.database import Database
from ml_connector.storage.postgres_binaries import find_binaries
from reconcile.worlds import MONTH
from storage.servers import ELSEWHERE, Pair, self_signed, server_side, with_tls, without_tls
from waiting import until

PASSWORD = "CANARY-of-the-database"
SYSTEM = str(file_of_this_machine() or "system")


def modes(url: str) -> tuple[str | None, str | None]:
    told = parameters(url)
    return told.get("sslmode"), told.get("sslrootcert")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///mlc",
        "postgresql://localhost/mlc",
        "postgresql://127.0.0.1:5433/mlc",
        "postgresql://127.3.2.1/mlc",
        "postgresql://[::1]/mlc",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/mlc",
        "postgresql:///mlc?host=@abstract",
        "postgresql://db.example.com/mlc?hostaddr=127.0.0.1",
        "postgresql://localhost,127.0.0.1,[::1]/mlc",
    ],
)
def test_this_machine_itself_needs_no_tls(url: str) -> None:
    assert modes(url) == (None, None)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example.com/mlc",
        "postgresql://10.0.0.7/mlc",
        f"postgresql://{ELSEWHERE}/mlc",
        "postgresql://localhost.example.com/mlc",
        "postgresql://localhost/mlc?hostaddr=10.0.0.7",
        "postgresql://localhost,db.example.com/mlc",
        "postgresql://db.example.com,localhost/mlc",
        "postgresql://%2Fvar%2Frun%2Fpostgresql,db.example.com/mlc",
        "postgresql:///mlc?host=localhost,localhost&hostaddr=127.0.0.1,10.0.0.7",
        "postgresql:///mlc?service=unknown",
        "postgresql://db.example.com/mlc?sslmode=verify-full",
        "postgresql://db.example.com/mlc?sslrootcert=system",
    ],
)
def test_elsewhere_the_server_is_verified(url: str) -> None:
    assert modes(url) == ("verify-full", SYSTEM)


def test_the_urls_own_authority_is_the_one_that_counts() -> None:
    url = "postgresql://db.example.com/mlc?sslrootcert=/etc/mlc/ca.crt"

    assert modes(url) == ("verify-full", "/etc/mlc/ca.crt")


@pytest.mark.parametrize("mode", ["disable", "require", "verify-ca"])
def test_a_weaker_mode_in_the_url_is_obeyed_and_told_at_the_start(
    mode: str, tmp_path: Path
) -> None:
    url = f"postgresql://mlc:{PASSWORD}@db.example.com/mlc?sslmode={mode}"
    with capture_logs() as logs, database_server(Settings(database_url=url, data_dir=tmp_path)):
        pass

    assert modes(url) == (mode, None)
    assert [(one["log_level"], f"sslmode={mode}" in one["reason"]) for one in logs] == [
        ("warning", True)
    ]
    assert PASSWORD not in str(logs)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example.com/mlc",
        "postgresql://localhost/mlc?sslmode=disable",
        "postgresql:///mlc",
    ],
)
def test_nothing_is_told_where_nothing_is_given_up(url: str, tmp_path: Path) -> None:
    with capture_logs() as logs, database_server(Settings(database_url=url, data_dir=tmp_path)):
        pass

    assert logs == []


@pytest.mark.parametrize("mode", ["prefer", "allow"])
def test_a_mode_that_promises_nothing_is_refused(mode: str) -> None:
    with pytest.raises(UserError) as caught:
        schema.current(f"postgresql://mlc:{PASSWORD}@db.example.com/mlc?sslmode={mode}")

    assert f"sslmode={mode}" in str(caught.value)
    assert "db.example.com" in caught.value.where
    assert "MLC_DATABASE_URL" in caught.value.next_step
    assert PASSWORD not in f"{caught.value} {caught.value.where} {caught.value.next_step}"


def test_an_address_that_libpq_cannot_read_is_refused_without_showing_it() -> None:
    with pytest.raises(UserError) as caught:
        schema.current(f"postgresql://mlc:{PASSWORD}@db.example.com/mlc?sslmod=disable")

    assert PASSWORD not in f"{caught.value} {caught.value.where} {caught.value.next_step}"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PGHOST": "db.example.com"}, ("verify-full", SYSTEM)),
        ({"PGHOSTADDR": "10.0.0.7"}, ("verify-full", SYSTEM)),
        ({"PGHOST": "localhost"}, (None, None)),
        ({"PGSERVICE": "unknown"}, ("verify-full", SYSTEM)),
        ({"PGHOST": "db.example.com", "PGSSLMODE": "disable"}, ("verify-full", SYSTEM)),
    ],
)
def test_a_host_that_only_the_environment_names_counts_too(
    variables: dict[str, str],
    expected: tuple[str | None, str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert modes("postgresql:///mlc") == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("host=db.example.com", ("verify-full", SYSTEM)),
        ("host=db.example.com\nsslmode=verify-full\nsslrootcert=/ca.crt", (None, None)),
        ("# here\nhost=/var/run/postgresql", (None, None)),
        ("[other]\nhost=/var/run/postgresql", ("verify-full", SYSTEM)),
    ],
)
def test_what_the_urls_service_says_counts_too(
    lines: str,
    expected: tuple[str | None, str | None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "pg_service.conf"
    file.write_text(f"[mlc]\n{lines}\n", "utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(file))

    assert modes("postgresql:///mlc?service=mlc") == expected


def test_a_service_that_might_go_without_encryption_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pg_service.conf"
    file.write_text("[mlc]\nhost=db.example.com\nsslmode=prefer\n", "utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    with pytest.raises(UserError, match="sslmode=prefer"):
        parameters("postgresql:///mlc?service=mlc")


# Nobody hears the password.

SOURCES = Path(ml_connector.__file__).parent
HEAD = BackupHead(key_id="50f6c2f0", made_at=datetime(2026, 11, 30, tzinfo=UTC), schema="0001")
CONNECTS = re.compile(
    r"psycopg\.connect\(|psycopg\.\w*Connection(\[.*\])?\.connect\b"
    r"|ConnectionPool(\[.*\])?\(|class \w+\(\w*ConnectionPool\b|PsycopgConnector\("
)


def test_every_place_that_connects_lets_libpq_be_told() -> None:
    """The measurements have sockets of their own."""
    places = {
        path.relative_to(SOURCES).as_posix(): "conninfo(" in text
        for path in SOURCES.rglob("*.py")
        if CONNECTS.search(text := path.read_text("utf-8"))
    }
    told = {place for place, is_told in places.items() if is_told}

    assert told == {
        "engine/work/jobs.py",
        "reconcile/stored/stored.py",
        "selftest/chaos/service.py",
        "storage/database.py",
        "storage/owning_role.py",
        "storage/schema.py",
        "storage/snapshots.py",
    }
    assert {place for place in places.keys() - told if not place.startswith("bench/")} == set()


async def _pool(url: str) -> None:
    async with Database(url) as database, database.single():
        pass


async def _schema(url: str) -> None:
    schema.current(url)


async def _snapshot(url: str) -> None:
    snapshots.opened(url, "00000003-00000002-1", name="test")


async def _month(url: str) -> None:
    async with stored.opened(url, "acme", MONTH, FLOWS):
        pass


async def _lanes(url: str) -> None:
    lanes = Lanes(url)
    async with lanes.open():
        await lanes.rescue()


PLACES: list[Callable[[str], Coroutine[None, None, None]]] = [
    _pool,
    _schema,
    _snapshot,
    _month,
    _lanes,
]
"""Every place that connects."""


@pytest.mark.parametrize("connect", PLACES)
async def test_who_has_no_tls_gets_no_password(
    connect: Callable[[str], Coroutine[None, None, None]],
) -> None:
    with without_tls() as server:
        url = f"postgresql://mlc:{PASSWORD}@{ELSEWHERE}:{server.port}/mlc"
        connecting = asyncio.create_task(connect(url))
        await until(lambda: server.left)
        connecting.cancel()
        with suppress(UserError, psycopg.Error, asyncio.CancelledError):
            await connecting

    assert server.heard
    assert PASSWORD.encode() not in server.heard
    assert b"mlc" not in server.heard


async def test_the_same_server_gets_it_where_the_url_says_so() -> None:
    with without_tls() as server:
        url = f"postgresql://mlc:{PASSWORD}@{ELSEWHERE}:{server.port}/mlc?sslmode=disable"
        with pytest.raises(UserError):
            await _schema(url)

    assert PASSWORD.encode() in server.heard


@pytest.mark.parametrize("first", ["localhost", ELSEWHERE])
async def test_one_host_elsewhere_among_several_is_enough(first: str) -> None:
    second = {"localhost": ELSEWHERE, ELSEWHERE: "localhost"}[first]
    with without_tls() as one, without_tls() as other:
        url = f"postgresql://mlc:{PASSWORD}@{first}:{one.port},{second}:{other.port}/mlc"
        with pytest.raises(UserError):
            await _schema(url)

    assert PASSWORD.encode() not in one.heard + other.heard


# TLS in front of a real PostgreSQL.


@pytest.fixture
def server_pair(tmp_path: Path) -> Pair:
    return self_signed(tmp_path, "localhost")


@pytest.fixture
def socket_file(server_url: str) -> str:
    """The socket of the session's PostgreSQL, which asks for no password there."""
    parts = conninfo_to_dict(server_url)
    folder = str(parts.get("host", ""))
    if not folder.startswith("/"):
        pytest.skip("the server for the tests has no socket here")
    return f"{folder}/.s.PGSQL.{parts.get('port', 5432)}"


def address(
    port: int, user: str, *, database: str = "postgres", name: str = "localhost", **more: str
) -> str:
    """A URL of a host that is called ``name`` and is elsewhere."""
    given = {"host": name, "hostaddr": ELSEWHERE, "port": str(port), **more}
    said = "&".join(f"{key}={quote(value, safe='')}" for key, value in given.items())
    return f"postgresql://{user}:{PASSWORD}@/{database}?{said}"


@pytest.fixture
def user(server_url: str) -> str:
    with psycopg.connect(server_url) as connection:
        return connection.info.user


async def test_a_verified_server_is_used(
    socket_file: str, server_pair: Pair, user: str, database_url: str
) -> None:
    ca = str(server_pair.certificate)
    name = str(conninfo_to_dict(database_url)["dbname"])
    with with_tls(server_side(server_pair), socket_file) as server:
        url = address(server.port, user, database=name, sslrootcert=ca)
        async with Database(url) as database:
            [row] = await database.fetch("select current_setting('TimeZone') as zone")
        await _lanes(url)

    assert row["zone"] == "UTC"


async def test_a_server_that_nobody_vouches_for_hears_nothing(
    socket_file: str, server_pair: Pair, user: str
) -> None:
    with (
        with_tls(server_side(server_pair), socket_file) as server,
        pytest.raises(UserError, match="certificate verify failed"),
    ):
        await _schema(address(server.port, user))

    assert server.heard == b""


async def test_a_server_of_another_name_hears_nothing(
    socket_file: str, server_pair: Pair, user: str
) -> None:
    ca = str(server_pair.certificate)
    with with_tls(server_side(server_pair), socket_file) as server:
        with pytest.raises(UserError, match="does not match host name"):
            await _schema(address(server.port, user, name="db.example.com", sslrootcert=ca))
        schema.connect(
            address(server.port, user, name="db.example.com", sslrootcert=ca, sslmode="verify-ca")
        ).close()

    assert server.heard != b""


def test_the_urls_own_certificate_is_shown_to_the_server(
    socket_file: str, server_pair: Pair, user: str, tmp_path: Path
) -> None:
    client = self_signed(tmp_path, "client")
    context = server_side(server_pair, clients=client.certificate)
    ca = str(server_pair.certificate)
    shown = {"sslcert": str(client.certificate), "sslkey": str(client.key)}
    with with_tls(context, socket_file) as server:
        with pytest.raises(UserError):
            schema.connect(address(server.port, user, sslrootcert=ca))
        schema.connect(address(server.port, user, sslrootcert=ca, **shown)).close()

    assert server.heard != b""


# Everything that the URL says arrives.


@pytest.fixture
def local(server_url: str) -> str:
    """The session's PostgreSQL by a URL, with more settings than anybody needs."""
    parts = conninfo_to_dict(server_url)
    said = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in parts.items())
    return (
        f"postgresql:///?{said}&target_session_attrs=read-write&keepalives_idle=77"
        "&options=-c%20work_mem%3D7MB%20-c%20statement_timeout%3D9s"
    )


async def test_options_of_the_url_reach_every_session_of_ours(local: str) -> None:
    async with Database(local) as database:
        [row] = await database.fetch(
            "select current_setting('work_mem') as memory, current_setting('TimeZone') as zone"
        )

    assert (row["memory"], row["zone"]) == ("7MB", "UTC")


def test_settings_of_the_url_win_over_ours(local: str) -> None:
    told = conninfo_to_dict(conninfo(local, name="test"))

    assert (told["keepalives_idle"], told["keepalives_interval"]) == ("77", "5")
    assert told["target_session_attrs"] == "read-write"


def ask_with_psql(url: str, question: str) -> str:
    answer = subprocess.run(  # noqa: S603 - a program of the wheel
        [find_binaries().folder / "psql", "--no-psqlrc", "-qAtc", question],
        env=environment(url, name="test"),
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


@pytest.mark.parametrize("more", ["", "&keepalives=1", "&sslpassword=unused"])
def test_options_of_the_url_reach_postgresqls_own_programs(local: str, more: str) -> None:
    assert ask_with_psql(local + more, "show work_mem") == "7MB"


def test_a_service_of_the_url_reaches_postgresqls_own_programs(
    server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = conninfo_to_dict(server_url)
    lines = [f"{key}={value}" for key, value in parts.items()]
    file = tmp_path / "pg_service.conf"
    file.write_text("\n".join(["[mlc]", *lines, "options=-c work_mem=6MB"]), "utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    url = "postgresql:///template1?service=mlc"

    assert ask_with_psql(url, "show work_mem") == "6MB"
    assert ask_with_psql(url, "select current_database()") == "template1"
    assert ask_with_psql(f"{url}&keepalives=1", "select current_database()") == "template1"


def test_every_word_of_libpq_reaches_postgresqls_own_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The programs of the machine are used to encrypt; here they only write down what they see."""
    said = {
        "sslcert": "/c.crt",
        "sslkey": "/c.key",
        "sslcrl": "/c.crl",
        "sslcrldir": "/crl",
        "channel_binding": "require",
        "target_session_attrs": "read-write",
        "passfile": "/p",
        "sslnegotiation": "direct",
        "ssl_min_protocol_version": "TLSv1.3",
        "requirepeer": "postgres",
        "sslpassword": "of-the-key",
    }
    seen = tmp_path / "seen"
    program = tmp_path / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nenv > {seen}\ncat "$PGSERVICEFILE" >> {seen}\nexit 1\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    query = "&".join(f"{key}={quote(value, safe='')}" for key, value in said.items())
    url = f"postgresql://mlc:{PASSWORD}@db1.example.com,db2.example.com:5433/mlc?{query}"
    with pytest.raises(UserError), dumped(url, tmp_path / "a.backup", head=HEAD, key=b"key"):
        pass
    told = seen.read_text("utf-8").splitlines()

    assert {
        "PGHOST=db1.example.com,db2.example.com",
        "PGPORT=,5433",
        "PGUSER=mlc",
        f"PGPASSWORD={PASSWORD}",
        "PGDATABASE=mlc",
        "PGSSLMODE=verify-full",
        f"PGSSLROOTCERT={SYSTEM}",
        "PGSSLCERT=/c.crt",
        "PGSSLKEY=/c.key",
        "PGSSLCRL=/c.crl",
        "PGSSLCRLDIR=/crl",
        "PGCHANNELBINDING=require",
        "PGTARGETSESSIONATTRS=read-write",
        "PGPASSFILE=/p",
        "PGSSLNEGOTIATION=direct",
        "PGSSLMINPROTOCOLVERSION=TLSv1.3",
        "PGREQUIREPEER=postgres",
        "sslpassword=of-the-key",
    } <= set(told)


def test_programs_that_cannot_encrypt_are_not_used_where_encryption_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with without_tls() as server:
        url = f"postgresql://mlc:{PASSWORD}@{ELSEWHERE}:{server.port}/mlc"
        file = tmp_path / "a.backup"
        with pytest.raises(UserError) as caught, dumped(url, file, head=HEAD, key=b"key"):
            pass

    assert "can't encrypt" in str(caught.value)
    assert "postgresql-client" in caught.value.next_step
    assert server.heard == b""

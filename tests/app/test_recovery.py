"""A backup is tried on its own result, and what is put back is what was sealed."""

import gzip
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from acceptance.service import COMMAND, Answered, command
from app.test_backup import cut_out
from conftest import administer
from databases import drop_database
from ml_connector.app.installation import setup
from ml_connector.app.installation.backup import restore_backup, write_backup
from ml_connector.app.installation.database_server import database_server
from ml_connector.config.settings import Settings
from ml_connector.errors import UserError
from ml_connector.storage import schema
from ml_connector.storage.backup import sealed
from ml_connector.storage.backup.dump import dumped
from ml_connector.storage.backup.sealed import BackupHead
from storage.releases import RELEASES, server
from storage.test_moving import fill, old_database
from waiting import wait_until

__all__ = ["old_database"]  # a fixture


@pytest.fixture(scope="module")
def template_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an installation, for those tests that only read it."""
    folder = tmp_path_factory.mktemp("installed") / "data"
    setup.initialise(Settings(data_dir=folder, database_url=None))
    return folder


@pytest.fixture
def embedded(tmp_path: Path, template_folder: Path) -> Settings:
    """An installation of its own on an embedded server."""
    shutil.copytree(template_folder, tmp_path / "data", symlinks=True)
    return Settings(data_dir=tmp_path / "data", database_url=None)


@pytest.fixture
def own(server_url: str, template: str, tmp_path: Path) -> Iterator[Settings]:
    """An installation on a database of the test's server."""
    name = f"own_{tmp_path.name}"[:60]
    administer(
        server_url,
        sql.SQL("create database {} template {}").format(
            sql.Identifier(name), sql.Identifier(template)
        ),
    )
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    settings = Settings(data_dir=tmp_path / "data", database_url=url)
    setup.initialise(settings)
    yield settings
    drop_database(server_url, name)


def add(settings: Settings, name: str) -> None:
    with database_server(settings) as running, psycopg.connect(running.url) as connection:
        connection.execute(
            "insert into connection (name, mode, settings) values (%s, 'live', '{}')", [name]
        )


def older_backup(url: str, file: Path) -> None:
    """Back up a database as it is, at whatever schema, sealed with a key that nobody has."""
    head = BackupHead(key_id="00000000", made_at=datetime(2026, 11, 1, tzinfo=UTC), schema="?")
    with dumped(url, file, head=head, key=b"lost"):
        pass


def names(settings: Settings) -> list[str]:
    with database_server(settings) as running, psycopg.connect(running.url) as connection:
        return [row[0] for row in connection.execute("select name from connection order by 1")]


def run(settings: Settings, *arguments: str) -> Answered:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLC_")}
    ours = {"MLC_DATA_DIR": str(settings.data_dir)}
    if settings.database_url is not None:
        ours["MLC_DATABASE_URL"] = settings.database_url
    return command(arguments, {**kept, **ours}, settings.data_dir.parent)


# Again and again.


def test_what_was_restored_can_be_backed_up_and_restored_again(
    embedded: Settings, tmp_path: Path
) -> None:
    proofs = []
    for name in ("a", "b", "c"):
        add(embedded, name)
        made = write_backup(embedded, tmp_path / "file")
        proofs.append(made.proof.how if made.proof else "")
        add(embedded, "later")
        restore_backup(embedded, tmp_path / "file", person="anna")
    shutil.rmtree(embedded.data_dir / "postgres")
    restore_backup(embedded, tmp_path / "file", person="anna")
    kept = names(embedded)
    write_backup(embedded, tmp_path / "file")

    assert proofs == ["restored"] * 3
    assert kept == ["a", "b", "c"]


RIGHTS = """
    select 'relation', relname, relowner::regrole::text, relacl::text from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'S')
    union all
    select 'function', proname, proowner::regrole::text, concat(proacl, proconfig, prosecdef)
    from pg_proc where pronamespace = 'public'::regnamespace
    union all
    select 'schema', nspname, nspowner::regrole::text, nspacl::text from pg_namespace
    where nspname = 'public'
    union all
    select 'database', datname, datdba::regrole::text, datacl::text from pg_database
    where datname = current_database()
"""


def rights(settings: Settings) -> set[tuple[object, ...]]:
    """Who owns what, and who else may do what with it; but for the months, which are made."""
    with database_server(settings) as running, psycopg.connect(running.owner_url) as connection:
        found = connection.execute(RIGHTS).fetchall()
    return {one for one in found if not re.search(r"_\d{4}_\d\d$", str(one[1]))}


def test_a_restored_database_is_as_closed_as_before(embedded: Settings, tmp_path: Path) -> None:
    before = rights(embedded)
    write_backup(embedded, tmp_path / "file")
    restore_backup(embedded, tmp_path / "file", person="anna")

    assert rights(embedded) == before
    assert {str(one[2]) for one in before} == {"mlc_owner"}


@pytest.mark.parametrize("programs", RELEASES)
def test_a_backup_comes_back_on_every_release(programs: Path, tmp_path: Path) -> None:
    """Whether the role owns the schema or only its database, whether it may make databases."""
    file = tmp_path / "file"
    found = {}
    with server(programs) as superuser:
        for owns_schema in (False, True):
            for may_create in (False, True):
                name = f"mlc_{owns_schema}_{may_create}".lower()
                with psycopg.connect(superuser, autocommit=True) as connection:
                    allowed = "createdb" if may_create else "nocreatedb"
                    connection.execute(f"create role {name} login {allowed}".encode())
                    connection.execute(f"create database {name} owner {name}".encode())
                url = make_url(superuser).set(database=name)
                if owns_schema:
                    with psycopg.connect(url.render_as_string()) as connection:
                        connection.execute(f"alter schema public owner to {name}".encode())
                settings = Settings(
                    data_dir=tmp_path / name,
                    database_url=url.set(username=name).render_as_string(),
                )
                setup.initialise(settings)
                for number in range(2):
                    add(settings, f"c{number}")
                    made = write_backup(settings, file)
                    add(settings, "later")
                    restore_backup(settings, file, person="anna")
                assert made.proof is not None
                found[owns_schema, may_create] = (made.proof.how, names(settings))

    assert found == {
        (False, False): ("listed", ["c0", "c1"]),
        (True, False): ("listed", ["c0", "c1"]),
        (False, True): ("restored", ["c0", "c1"]),
        (True, True): ("restored", ["c0", "c1"]),
    }


def test_a_backup_that_can_not_be_restored_is_none(own: Settings, tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_backup(own, file)
    before = file.read_bytes()
    assert own.database_url is not None
    with psycopg.connect(own.database_url, autocommit=True) as connection:
        # A view of another schema is not in the backup, and what rests on it can't come back.
        connection.execute("create schema elsewhere")
        connection.execute("create view elsewhere.one as select 1 as a")
        connection.execute("create view public.two as select a from elsewhere.one")
    with pytest.raises(UserError, match="can't be restored"):
        write_backup(own, file)
    kept = file.read_bytes()
    unproved = write_backup(own, file, verify=False)

    assert kept == before
    assert unproved.proof is None
    assert file.read_bytes() != before
    assert [path.name for path in tmp_path.iterdir() if "file" in path.name] == ["file"]


def test_a_proof_leaves_no_database_behind(own: Settings, tmp_path: Path) -> None:
    assert own.database_url is not None
    with psycopg.connect(own.database_url, autocommit=True) as connection:
        row = connection.execute(
            "select 'mlc_proof_' || oid from pg_database where datname = current_database()"
        ).fetchone()
        assert row is not None
        # As a proof that was killed leaves it.
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(row[0])))
        made = write_backup(own, tmp_path / "file")
        left = connection.execute(
            "select datname from pg_database where datname = %s", [row[0]]
        ).fetchall()

    assert made.proof is not None
    assert made.proof.how == "restored"
    assert left == []


def test_an_older_backup_is_brought_to_this_schema_or_changes_nothing(
    own: Settings, old_database: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    fill(old_database)
    older_backup(old_database, file)
    restore_backup(own, file, person="anna", trust_unsigned=True)
    assert own.database_url is not None
    with psycopg.connect(own.database_url) as connection:
        events = connection.execute("select count(*) from event where body = '{}'").fetchone()
    version = schema.current(own.database_url)
    with psycopg.connect(old_database) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    older_backup(old_database, file)
    with pytest.raises(UserError, match="newer version"):
        restore_backup(own, file, person="anna", trust_unsigned=True)

    assert events == (3,)
    assert version == schema.current(own.database_url) == schema.newest()


# Trust.


def test_a_backup_says_when_it_was_made_and_which_key_seals_it(
    embedded: Settings, tmp_path: Path
) -> None:
    made = write_backup(embedded, tmp_path / "file")
    first, rest = (tmp_path / "file").read_bytes().split(b"\n", 1)

    assert first.startswith(b'ml-connector-backup {"key_id":"%s"' % made.sealed_with.encode())
    assert made.made_at.strftime("%Y-%m-%dT%H:%M:%SZ").encode() in first
    assert rest.startswith(b"PGDMP")
    assert cut_out(tmp_path / "file") == rest[:-32]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "the head": lambda one: one.replace(b'"schema":"00', b'"schema":"99', 1),
    "a byte in the middle": lambda one: (
        one[: len(one) // 2] + bytes([one[len(one) // 2] ^ 1]) + one[len(one) // 2 + 1 :]
    ),
    "the seal": lambda one: one[:-1] + bytes([one[-1] ^ 1]),
    "cut": lambda one: one[:-100],
    "all but the head cut": lambda one: one.partition(b"\n")[0] + b"\n",
    "more": lambda one: one + b"x",
    "packed": gzip.compress,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize("trusting", [False, True])
def test_a_sealed_file_that_was_changed_is_not_restored(
    template_folder: Path, tmp_path: Path, damage: Callable[[bytes], bytes], *, trusting: bool
) -> None:
    settings = Settings(data_dir=template_folder, database_url=None)
    file = tmp_path / "file"
    write_backup(settings, file, verify=False)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(UserError, match=r"seal does not fit|not a backup"):
        restore_backup(settings, file, person="anna", trust_unsigned=trusting)


def test_what_is_restored_are_the_bytes_that_were_checked(
    template_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    settings = Settings(data_dir=template_folder, database_url=None)
    write_backup(settings, file, verify=False)
    with sealed.opened(file) as backup:
        backup.check(None)
        content = bytearray(file.read_bytes())
        content[-200] ^= 1
        file.write_bytes(content)
        with pytest.raises(UserError, match="changed while it was read"):
            list(backup.dump())


PLACE = "X" * 300


def forged(settings: Settings, file: Path, statement: str) -> None:
    """Write a plain dump of a database that has a statement of somebody else in it."""
    with database_server(settings) as running:
        with psycopg.connect(running.owner_url) as connection:
            connection.execute(f"comment on table act is '{PLACE}'".encode())
        write_backup(settings, file)
        with psycopg.connect(running.owner_url) as connection:
            connection.execute("comment on table act is null")
    dump = cut_out(file)
    injected = f"'; {statement}; select '".ljust(len(PLACE))[: len(PLACE)].encode()
    assert dump.count(PLACE.encode()) == 1
    file.write_bytes(dump.replace(PLACE.encode(), injected))


def test_what_nobody_has_signed_is_not_run(embedded: Settings, tmp_path: Path) -> None:
    file, taken = tmp_path / "file", tmp_path / "taken"
    forged(embedded, file, f"copy (select 1) to program 'touch {taken}'")
    add(embedded, "kept")
    with pytest.raises(UserError, match="Nothing proves who made") as caught:
        restore_backup(embedded, file, person="anna")

    assert "--trust-unsigned" in caught.value.next_step
    assert names(embedded) == ["kept"]
    assert not taken.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1) to program 'touch {taken}'",
        "copy act (what) from '/etc/passwd'",
        "select pg_read_file('{key}')",
        "alter role mlc_owner superuser",
        "set role ml_connector",
        "select lo_export(lo_from_bytea(0, ''x''), '{taken}')",
        "\\! touch {taken}",
    ],
)
def test_what_is_trusted_wrongly_can_do_no_more_than_the_owner(
    embedded: Settings, tmp_path: Path, statement: str
) -> None:
    file, taken = tmp_path / "file", tmp_path / "taken"
    key = embedded.data_dir / "master.key"
    forged(embedded, file, statement.format(taken=taken, key=key))
    add(embedded, "kept")
    with pytest.raises(UserError, match="nothing was changed"):
        restore_backup(embedded, file, person="anna", trust_unsigned=True)

    assert names(embedded) == ["kept"]
    assert not taken.exists()


def test_an_unsigned_file_is_never_restored_by_a_superuser(tmp_path: Path) -> None:
    file = tmp_path / "file"
    programs = RELEASES[-1].values[0]
    assert isinstance(programs, Path)
    with server(programs) as superuser:
        settings = Settings(data_dir=tmp_path / "data", database_url=superuser)
        setup.initialise(settings)
        write_backup(settings, file)
        signed = restore_backup(settings, file, person="anna")
        file.write_bytes(cut_out(file))
        with pytest.raises(UserError, match="not restored by a superuser"):
            restore_backup(settings, file, person="anna", trust_unsigned=True)

    assert signed.lost_keys == ()


def test_a_plain_dump_of_before_comes_back_when_somebody_trusts_it(
    embedded: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    add(embedded, "a")
    made = write_backup(embedded, file)
    file.write_bytes(cut_out(file))
    add(embedded, "later")
    refused = run(embedded, "restore", str(file))
    unconfirmed = run(embedded, "restore", str(file), "--trust-unsigned")
    done = run(embedded, "restore", str(file), "--trust-unsigned", "--yes", "--json")
    answer = done.json

    assert (refused.status, unconfirmed.status, done.status) == (1, 2, 0), (refused, done)
    assert "--trust-unsigned" in refused.err
    assert "--yes" in unconfirmed.err
    assert names(embedded) == ["a"]
    assert abs(made.made_at.timestamp() - timestamp(answer["made_at"])) <= 2
    assert answer["audit"]["ok"] is True


def timestamp(text: object) -> float:
    return datetime.fromisoformat(str(text)).timestamp()


def test_a_restore_ends_with_the_proof_of_the_journal(embedded: Settings, tmp_path: Path) -> None:
    made = run(embedded, "backup", str(tmp_path / "file"))
    done = run(embedded, "restore", str(tmp_path / "file"))

    assert made.status == done.status == 0, (made, done)
    assert "was restored into a database of its own" in made.out
    assert "made 20" in done.out
    assert "audit verify" in done.out


# What is left behind.


@contextmanager
def restoring(settings: Settings, file: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A restore that waits in the middle: somebody holds a table."""
    folder.mkdir()
    environment = {**os.environ, "MLC_DATA_DIR": str(settings.data_dir), "TMPDIR": str(folder)}
    with database_server(settings) as running, psycopg.connect(running.owner_url) as holder:
        holder.execute("lock table event in access share mode")
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*COMMAND, "restore", str(file)],
            env=environment,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
        with psycopg.connect(running.owner_url, autocommit=True) as looker:
            wait_until(
                lambda: (
                    bool(
                        looker.execute(
                            "select from pg_locks where mode = 'AccessExclusiveLock'"
                            " and not granted"
                        ).rowcount
                    )
                    or process.poll() is not None
                )
            )
        yield process


def test_a_killed_restore_leaves_nothing_and_changes_nothing(
    embedded: Settings, tmp_path: Path
) -> None:
    file, folder = tmp_path / "file", tmp_path / "temporary"
    add(embedded, "a")
    write_backup(embedded, file)
    add(embedded, "b")
    with restoring(embedded, file, folder) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    left = [path.name for path in folder.rglob("*")]

    assert left == []
    assert names(embedded) == ["a", "b"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "file", "temporary"]

"""Backup while everything runs, restore, and what a backup gives away: nothing."""

import gzip
import os
import re
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from acceptance.holding import release
from acceptance.merchant import Merchant
from acceptance.service import COMMAND
from ml_connector.app.installation.backup import restore_backup, write_backup
from ml_connector.errors import UserError
from ml_connector.storage.postgres_binaries import find_binaries
from waiting import wait_until


def script_of(file: Path) -> str:
    """The statements that a backup holds, in plain text."""
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [find_binaries().folder / "pg_restore", "--file=-"],
        input=cut_out(file),
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("utf-8", "replace")


def cut_out(file: Path) -> bytes:
    """The dump in a backup, cut out as docs/how-to/back-up.md says."""
    done = subprocess.run(  # noqa: S603 - what the page says
        ["/bin/sh", "-c", 'tail -n +2 "$1" | head -c -32', "sh", file],
        capture_output=True,
        check=True,
    )
    return done.stdout


def secrets_of(acme: Merchant) -> list[str]:
    """Canaries: every secret of the connection, and every token that was given out."""
    key = acme.world.private_key.splitlines()
    tokens = [*acme.world.netsuite.sign_in.tokens]
    return [key[1], acme.world.token, acme.secret.removeprefix("whsec_"), *tokens]


def encodings(secret: str) -> Iterator[bytes]:
    """How a secret may look in a dump: as it is, or as bytea in hex."""
    yield secret.encode()
    yield secret.encode().hex().encode()


def held(content: bytes, secrets: list[str]) -> list[str]:
    return [one for one in secrets if any(form in content for form in encodings(one))]


def test_a_backup_while_it_works_is_one_moment_and_comes_back(
    acme: Merchant, tmp_path: Path
) -> None:
    file = tmp_path / "acme.backup"
    with acme.serving():
        sku = acme.sku()
        first = acme.deliver({sku: 5}, number=acme.order({sku: 5}))
        acme.wait_for(first)
        write_backup(acme.settings, file)
        second = acme.deliver({sku: 3}, number=acme.order({sku: 3}))
        acme.wait_for(second)
        back = restore_backup(acme.settings, file, person="anna")
        forgotten = acme.subject(second)
        release(acme)
        third = acme.deliver({sku: 2}, number=acme.order({sku: 2}))
        acme.wait_for(third)
        books = acme.books(sku)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert back.connections == ("acme",)
    assert back.lost_keys == ()
    assert forgotten == {}
    assert [len(acme.documents(one)) for one in (first, second, third)] == [1, 1, 1]
    assert books.netsuite == books.shipbob == {(sku, 6): 10}


def test_a_backup_holds_no_secret(acme: Merchant, tmp_path: Path) -> None:
    assert acme.command("ping").status == 0  # so that a token is stored
    file = tmp_path / "acme.backup"
    write_backup(acme.settings, file)
    script = script_of(file)

    assert "netsuite.private_key" in script
    assert held(script.encode(), secrets_of(acme)) == []
    assert held(file.read_bytes(), secrets_of(acme)) == []


def test_without_the_master_key_a_restored_backup_says_so_and_applying_recovers(
    acme: Merchant, tmp_path: Path
) -> None:
    file = tmp_path / "acme.backup"
    made = write_backup(acme.settings, file)
    (acme.folder / "data" / "master.key").unlink()
    acme.command("init")
    with pytest.raises(UserError, match=made.sealed_with):
        restore_backup(acme.settings, file, person="anna")
    done = restore_backup(acme.settings, file, person="anna", trust_unsigned=True)
    pinged = acme.command("ping")
    applied = acme.apply()

    assert done.lost_keys == made.key_ids != ()
    assert pinged.status == 1
    assert made.key_ids[0] in pinged.err
    assert applied.saved
    assert acme.command("ping").status == 0


def test_a_backup_made_before_a_key_rotation_still_opens(acme: Merchant, tmp_path: Path) -> None:
    file = tmp_path / "acme.backup"
    write_backup(acme.settings, file)
    tried = acme.command("backup", str(file), "--only-verify", "--json")
    rotated = acme.command("keys", "rotate")
    done = restore_backup(acme.settings, file, person="anna")

    assert rotated.status == 0, rotated
    assert tried.json["proof"] in {"restored", "listed"}
    assert done.lost_keys == ()
    assert acme.command("ping").status == 0


@pytest.mark.parametrize("damage", ["empty", "text", "gzip", "cut"])
def test_a_file_that_is_no_whole_backup_changes_nothing(
    acme: Merchant, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "acme.backup"
    write_backup(acme.settings, file)
    content = file.read_bytes()
    made = {
        "empty": b"",
        "text": b"select 1;",
        "gzip": gzip.compress(content),
        "cut": content[: len(content) // 2],
    }
    file.write_bytes(made[damage])
    secrets = acme.rows("select * from secret order by field")
    tried = acme.command("backup", str(file), "--only-verify")
    with pytest.raises(UserError) as caught:
        restore_backup(acme.settings, file, person="anna")

    assert caught.value.next_step
    assert tried.status == 1
    assert file.read_bytes() == made[damage]
    assert acme.rows("select * from secret order by field") == secrets


def test_somebody_elses_tables_are_not_dropped(acme: Merchant, tmp_path: Path) -> None:
    file = tmp_path / "acme.backup"
    write_backup(acme.settings, file)
    assert acme.database_url is not None
    with psycopg.connect(acme.database_url, autocommit=True) as connection:
        connection.execute("create table payroll (id int)")
    with pytest.raises(UserError, match="payroll"):
        restore_backup(acme.settings, file, person="anna")

    assert acme.rows("select * from payroll") == []


def test_what_can_not_be_written_is_told(acme: Merchant, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be written"):
        write_backup(acme.settings, tmp_path / "no" / "folder" / "acme.backup")


@contextmanager
def slow_dump(acme: Merchant, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "backup", str(file)], env=acme.environment, stdout=subprocess.DEVNULL
    )
    yield process
    process.wait()


def test_no_secret_is_in_the_process_list(acme: Merchant, tmp_path: Path) -> None:
    """Arguments of every process of ours during a backup, and of ``serve``'s parts."""
    assert acme.database_url is not None
    seen: set[bytes] = set()

    def look() -> None:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    seen.add((entry / "cmdline").read_bytes())

    def dumping() -> bool:
        look()
        return any(b"pg_dump" in words for words in seen) or process.poll() is not None

    with acme.serving(), psycopg.connect(acme.database_url) as holder:
        holder.execute("create table held (id int)")
        holder.commit()
        holder.execute("lock table held")  # until it is let go, the dump is not over
        with slow_dump(acme, tmp_path / "acme.backup") as process:
            wait_until(dumping)
            holder.commit()
            while process.poll() is None:
                look()
    words = b"\n".join(seen)

    assert b"pg_dump" in words
    assert held(words, secrets_of(acme)) == []
    assert not re.search(rb"postgres(ql)?://[^@\s]*:[^@\s]+@", words)


def test_no_secret_is_in_logs_errors_answers_or_exports(acme: Merchant) -> None:
    """Everything that is printed or logged by the commands that touch credentials."""
    said: list[bytes] = []
    with acme.serving() as service:
        acme.world.netsuite.revoke_tokens()
        for arguments in (
            ("connection", "show"),
            ("connection", "show", "--json"),
            ("ping", "--json"),
            ("sync", "credentials"),
            ("connection", "certificate", "acme", "--renew", "--json"),
            ("journal", "list", "--json"),
        ):
            answered = acme.command(*arguments)
            said.append((answered.out + answered.err).encode())
        acme.world.netsuite.sandbox_refresh()
        answered = acme.command("ping")
        said.append((answered.out + answered.err).encode())
        said.append(service.said.encode())
    acts = acme.rows("select json_agg(act)::text as text from act")[0]["text"].encode()

    assert answered.status == 1
    assert held(b"\n".join([*said, acts]), secrets_of(acme)) == []


def content_of(path: Path) -> bytes:
    """Everything in a file, unpacked where it is a workbook."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as workbook:
        return b"\n".join(map(workbook.read, workbook.namelist()))


def test_no_secret_is_in_what_is_exported_for_others(acme: Merchant, tmp_path: Path) -> None:
    wro = acme.deliver({acme.sku(): 5})
    synced = acme.command("sync", "receiving", "--id", str(wro.id))
    out = tmp_path / "out"
    month = f"{datetime.now(ZoneInfo('America/Chicago')):%Y-%m}"
    acme.command("reconcile", month, "--out", str(out))
    day = ["--from", f"{month}-01", "--to", "2099-12-31"]
    exported = acme.command("journal", "export", *day, "--out", str(out / "journal.csv"))
    bodies = acme.command("events", "list", "--json")
    files = sorted(path for path in out.iterdir() if path.is_file())

    assert synced.status == 0, synced.err
    assert exported.status == 0, exported.err
    assert {path.suffix for path in files} == {".csv", ".html", ".xlsx"}
    assert held(b"\n".join(map(content_of, files)), secrets_of(acme)) == []
    assert held(bodies.out.encode(), secrets_of(acme)) == []


def test_what_is_written_for_others_is_read_by_the_owner_and_a_group_at_most(
    acme: Merchant, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    day = f"{datetime.now(ZoneInfo('America/Chicago')):%Y-%m-%d}"
    before = os.umask(0)
    try:
        answered = [
            acme.command("reconcile", day[:7], "--out", str(out)),
            acme.command("billing", "accruals", "--at", day, "--out", str(out / "accruals.csv")),
            acme.command("journal", "export", "--out", str(out / "journal.csv")),
            acme.command(
                "events", "bodies", "export", "--before", "2020-01-01", "--out", str(out / "b")
            ),
            acme.command("backup", str(out / "acme.backup")),
        ]
    finally:
        os.umask(before)

    assert [one.status for one in answered] == [0] * 5, answered
    assert {
        path.suffix or path.name: stat.S_IMODE(path.stat().st_mode)
        for path in sorted(out.iterdir())
        if path.name != "journal.csv"
    } == {".csv": 0o640, ".html": 0o640, ".xlsx": 0o640, "b": 0o600, ".backup": 0o600}
    assert stat.S_IMODE((out / "journal.csv").stat().st_mode) == 0o600


def test_the_embedded_server_is_backed_up_as_well(tmp_path: Path) -> None:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("MLC_")},
        "MLC_DATA_DIR": str(tmp_path / "data"),
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command
            [*COMMAND, *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    made = [run("init"), run("backup", "all.backup"), run("connection", "list")]
    shutil.rmtree(tmp_path / "data" / "postgres")
    back = [run("restore", "all.backup"), run("connection", "list")]

    assert [one.returncode for one in made + back] == [0] * 5, [one.stderr for one in made + back]

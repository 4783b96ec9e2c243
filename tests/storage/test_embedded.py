import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from ml_connector.errors import UserError
from ml_connector.storage import embedded, owning_role, postmaster
from ml_connector.storage.postgres_folder import LOG_BYTES, PostgresFolder
from waiting import wait_until

OTHER_OWNER = """
import pathlib, sys
from ml_connector.storage import embedded
owner = embedded.start(pathlib.Path(sys.argv[1]))
print(owner.url, flush=True)
if sys.stdin.readline():
    owner.stop()
"""
CHURN = """
import pathlib, psycopg, sys
from ml_connector.storage import embedded
for number in range(5):
    with embedded.start(pathlib.Path(sys.argv[1])) as owner, psycopg.connect(owner.url) as db:
        db.execute("insert into booked values (%s)", [int(sys.argv[2]) + number])
"""
INTERRUPTED = """
import os, pathlib, signal, sys, time
from ml_connector.storage import embedded
signal.signal(signal.SIGINT, signal.SIG_DFL)  # who runs the tests may ignore it
embedded.start(pathlib.Path(sys.argv[1]))
os.killpg(0, signal.SIGINT)
time.sleep(60)
"""


@pytest.fixture
def data_dir(server_path: Path) -> Iterator[Path]:
    folder = server_path / "data"
    yield folder
    # What a test left behind on purpose ends here: the last owner stops it.
    if (folder / "postgres" / "cluster").exists():
        embedded.start(folder).stop()


def cluster(data_dir: Path) -> Path:
    return PostgresFolder(data_dir.resolve()).cluster


def server_pid(data_dir: Path) -> int:
    server = postmaster.find(cluster(data_dir))
    assert server is not None
    return server.pid


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not postmaster.is_alive(pid))


def values(url: str, statement: str) -> list[object]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute(statement.encode()).fetchall()]


def book(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists booked (number int)")
        connection.execute("insert into booked values (%s)", [number])


def run(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - this interpreter, programs of this file
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@contextmanager
def other_owner(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    with run(OTHER_OWNER, data_dir) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("postgresql://")
        try:
            yield process
        finally:
            process.kill()


def test_a_first_start_makes_a_durable_utf8_database(data_dir: Path) -> None:
    names = ["server_encoding", "fsync", "synchronous_commit", "TimeZone", "max_connections"]
    names += ["listen_addresses"]

    with embedded.start(data_dir) as owner, psycopg.connect(owner.url) as connection:
        found = {name: connection.execute(f"show {name}".encode()).fetchone() for name in names}
        place = connection.execute(
            "select current_database(), datlocale from pg_database where datname = 'ml_connector'"
        ).fetchone()

    assert {name: row and row[0] for name, row in found.items()} == {
        "server_encoding": "UTF8",
        "fsync": "on",
        "synchronous_commit": "on",
        "TimeZone": "UTC",
        "max_connections": "200",
        "listen_addresses": "",
    }
    assert place == ("ml_connector", "C.UTF-8")


def test_the_socket_is_private_and_inside_the_data_folder(data_dir: Path) -> None:
    with embedded.start(data_dir):
        folder = data_dir / "postgres" / "socket"

        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / ".s.PGSQL.5432").is_socket()


@pytest.mark.parametrize("name", ["long" * 40, "a, comma", "space '\"$HOME` \\ 100% ü"])
def test_any_path_serves_as_data_folder(server_path: Path, name: str) -> None:
    with embedded.start(server_path / name) as owner:
        socket_folder = PostgresFolder(server_path / name).socket

        assert values(owner.url, "select 1") == [1]
        assert socket_folder.stat().st_mode & 0o777 == 0o700


def test_rows_stay_from_one_start_to_the_next(data_dir: Path) -> None:
    with embedded.start(data_dir) as owner:
        book(owner.url, 1)
    stopped = postmaster.find(cluster(data_dir))

    with embedded.start(data_dir) as owner:
        assert stopped is None
        assert values(owner.url, "select number from booked") == [1]


def test_stopping_twice_is_harmless_and_ends_the_ownership(data_dir: Path) -> None:
    owner = embedded.start(data_dir)
    owner.stop()
    owner.stop()

    with pytest.raises(RuntimeError, match="has stopped"):
        owner.ensure_running()


def test_only_the_last_owner_stops_the_server(data_dir: Path) -> None:
    with embedded.start(data_dir), other_owner(data_dir) as process:
        pid = server_pid(data_dir)
        process.communicate("stop\n")
        with embedded.start(data_dir):
            pass

        assert server_pid(data_dir) == pid
    assert postmaster.find(cluster(data_dir)) is None


def test_a_killed_owner_leaves_a_server_that_the_next_one_joins_and_stops(data_dir: Path) -> None:
    with other_owner(data_dir) as process:
        pid = server_pid(data_dir)
        process.kill()
        process.wait()

    with embedded.start(data_dir):
        assert server_pid(data_dir) == pid
    assert not postmaster.is_alive(pid)


def test_what_killed_owners_left_is_stopped_but_never_under_an_owner(data_dir: Path) -> None:
    with other_owner(data_dir) as process:
        pid = server_pid(data_dir)
        owned = embedded.stop_left_over(data_dir, wait_seconds=0)
        alive = postmaster.is_alive(pid)
        process.kill()
        process.wait()
    left_over = embedded.stop_left_over(data_dir, wait_seconds=10)

    assert (owned, alive) == (False, True)
    assert (left_over, postmaster.is_alive(pid)) == (True, False)
    assert embedded.stop_left_over(data_dir / "none", wait_seconds=0)


def test_a_killed_server_is_brought_back_with_its_rows(data_dir: Path) -> None:
    with embedded.start(data_dir) as owner:
        book(owner.url, 7)
        kill(server_pid(data_dir))

        assert [owner.ensure_running(), owner.ensure_running()] == [True, False]
        assert values(owner.url, "select number from booked") == [7]


def test_a_busy_process_of_a_killed_server_does_not_hold_up_the_next(data_dir: Path) -> None:
    def never_look_up(url: str) -> None:
        with suppress(psycopg.OperationalError), psycopg.connect(url) as connection:
            connection.execute("do $$ begin loop null; end loop; end $$")

    busy = "select count(*) from pg_stat_activity where query like 'do %' and state = 'active'"
    with embedded.start(data_dir) as owner:
        thread = threading.Thread(target=never_look_up, args=[owner.url])
        thread.start()
        while values(owner.url, busy) != [1]:
            pass
        kill(server_pid(data_dir))

        assert owner.ensure_running()
        assert values(owner.url, busy) == [0]
        thread.join()


def test_a_start_after_both_owner_and_server_were_killed_keeps_the_rows(data_dir: Path) -> None:
    with other_owner(data_dir) as process:
        book(PostgresFolder(data_dir.resolve()).url(), 9)
        process.kill()
        kill(server_pid(data_dir))

    with embedded.start(data_dir) as owner:
        assert values(owner.url, "select number from booked") == [9]


def test_processes_that_start_at_once_share_one_server(data_dir: Path) -> None:
    processes = [run(OTHER_OWNER, data_dir) for _ in range(3)]
    urls = {process.stdout.readline() for process in processes if process.stdout}
    log = (data_dir / "postgres" / "server.log").read_text()
    for process in processes:
        process.communicate("stop\n")

    assert urls == {PostgresFolder(data_dir.resolve()).url() + "\n"}
    assert log.count("starting PostgreSQL") == 1
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert postmaster.find(cluster(data_dir)) is None


def test_starts_and_stops_of_two_processes_may_cross(data_dir: Path) -> None:
    with embedded.start(data_dir) as owner:
        book(owner.url, 0)
    processes = [run(CHURN, data_dir, first) for first in (10, 20)]
    said = [process.communicate()[1] for process in processes]

    with embedded.start(data_dir) as owner:
        assert said == ["", ""]
        assert values(owner.url, "select number from booked order by 1") == [
            *(0, 10, 11, 12, 13, 14),
            *(20, 21, 22, 23, 24),
        ]


def test_a_stale_pid_file_never_costs_another_process_its_life(data_dir: Path) -> None:
    embedded.start(data_dir).stop()
    with run("import time; time.sleep(60)") as bystander:
        (cluster(data_dir) / "postmaster.pid").write_text(f"{bystander.pid}\n/\n0\n5432\n")
        with embedded.start(data_dir) as owner:
            answer = values(owner.url, "select 1")
        alive = bystander.poll() is None
        bystander.kill()

    assert answer == [1]
    assert alive


def test_a_socket_that_somebody_removed_is_made_again(data_dir: Path) -> None:
    with embedded.start(data_dir) as owner:
        book(owner.url, 3)
        (data_dir / "postgres" / "socket" / ".s.PGSQL.5432").unlink()

        assert owner.ensure_running()
        assert values(owner.url, "select number from booked") == [3]


def test_a_lost_socket_does_not_cost_another_owner_its_server(data_dir: Path) -> None:
    with embedded.start(data_dir) as owner, other_owner(data_dir):
        pid = server_pid(data_dir)
        (data_dir / "postgres" / "socket" / ".s.PGSQL.5432").unlink()
        for _ in range(2):
            with pytest.raises(UserError, match="can't be reached from here"):
                owner.ensure_running()

        assert server_pid(data_dir) == pid


def test_a_cluster_that_was_being_made_when_its_maker_died_is_made_anew(data_dir: Path) -> None:
    unfinished = data_dir / "postgres" / "cluster.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    with embedded.start(data_dir) as owner:
        assert values(owner.url, "select 1") == [1]
    assert not unfinished.exists()


def test_ctrl_c_in_the_owners_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    process = run(INTERRUPTED, data_dir)
    process.communicate()

    assert process.returncode == -signal.SIGINT
    assert postmaster.is_alive(server_pid(data_dir))


def test_a_pipeline_ends_with_its_owner_though_the_server_goes_on(data_dir: Path) -> None:
    until_end_of_output, _ = run(OTHER_OWNER, data_dir).communicate("")

    assert until_end_of_output.startswith("postgresql://")
    assert postmaster.is_alive(server_pid(data_dir))


def test_a_fork_of_the_owner_can_not_stop_the_server(data_dir: Path) -> None:
    forked = """
import os, pathlib, sys
from ml_connector.storage import embedded
owner = embedded.start(pathlib.Path(sys.argv[1]))
child = os.fork()
if not child:
    owner.stop()
    os._exit(0)
os.waitpid(child, 0)
print(owner.ensure_running())
owner.stop()
"""
    done = run(forked, data_dir)

    assert done.communicate()[0] == "False\n"
    assert postmaster.find(cluster(data_dir)) is None


def test_the_log_stays_bounded_while_the_server_writes_it(data_dir: Path) -> None:
    log = data_dir / "postgres" / "server.log"
    with embedded.start(data_dir) as owner:
        with log.open("a") as file:
            file.writelines(f"line {number}\n" for number in range(LOG_BYTES // 8))
        owner.ensure_running()
        shortened = log.stat().st_size
        superuser = psycopg.conninfo.make_conninfo(owner.url, user=owning_role.SUPERUSER)
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("alter system set work_mem = '5MB'")
            connection.execute("select pg_reload_conf()")
        wait_until(lambda: "received SIGHUP" in log.read_text())

    assert shortened <= LOG_BYTES // 2
    assert log.read_bytes().startswith(b"line ")


def test_a_failed_statement_leaves_no_value_in_the_log(data_dir: Path) -> None:
    with embedded.start(data_dir) as owner, pytest.raises(psycopg.DataError):
        values(owner.url, "select 'a private address'::int")

    assert "private" not in (data_dir / "postgres" / "server.log").read_text()


def test_settings_override_ours_but_never_open_the_server(server_path: Path) -> None:
    with embedded.start(server_path, settings={"fsync": "off"}) as owner:
        assert values(owner.url, "show fsync") == ["off"]
    with pytest.raises(ValueError, match="listen_addresses"):
        embedded.start(server_path, settings={"listen_addresses": "*"})


def test_missing_database_is_made_on_joining(data_dir: Path) -> None:
    with embedded.start(data_dir) as owner:
        url = PostgresFolder(data_dir.resolve()).url("postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("drop database ml_connector")
        embedded.start(data_dir).stop()

        assert values(owner.url, "select current_database()") == ["ml_connector"]

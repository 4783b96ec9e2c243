import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_connector.errors import UserError
from ml_connector.storage import embedded, postgres_cluster, postmaster
from ml_connector.storage.postgres_binaries import WHEEL, find_binaries
from ml_connector.storage.postgres_folder import PostgresFolder, open_lock
from ml_connector.storage.server_account import choose_account

ROOT = os.geteuid() == 0
# What an ordinary user sees. Everything is imported before root steps down: the interpreter
# itself may lie where an ordinary user can't read.
ORDINARY = """
import os, pathlib, sys
import psycopg
from ml_connector.errors import UserError
from ml_connector.storage import embedded, postmaster
from ml_connector.storage.postgres_binaries import find_binaries
find_binaries()
folder = pathlib.Path(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    for _ in range(2):
        with embedded.start(folder) as owner, psycopg.connect(owner.url) as connection:
            user = connection.execute("select 1").fetchone()
            cluster = folder / "postgres" / "cluster"
            print(user, cluster.stat().st_uid == os.geteuid(), owner.ensure_running())
except UserError as error:
    print(type(error).__name__, error, "|", error.where, "|", error.next_step)
"""
ONE_START = """
import pathlib, sys
from ml_connector.storage import embedded
from ml_connector.storage.postgres_binaries import find_binaries
with embedded.start(pathlib.Path(sys.argv[1])):
    print(find_binaries().folder.parents[2])
"""
SMALL_FILES_ONLY = """
import pathlib, resource, sys
from ml_connector.errors import UserError
from ml_connector.storage import embedded
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
try:
    embedded.start(pathlib.Path(sys.argv[1]))
except UserError as error:
    print(error)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may pass and write, and another user's files in it too."""
    folder = Path(tempfile.mkdtemp(prefix="mlc-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def small_disk(server_path: Path) -> Iterator[Path]:
    disk = server_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)]
    if not ROOT or not shutil.which("mount") or subprocess.run(command, check=False).returncode:  # noqa: S603 - fixed
        pytest.skip("only root who may mount can make a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)  # noqa: S603, S607 - of util-linux


def said_by(program: str, folder: Path) -> str:
    command = [sys.executable, "-c", program, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.stderr == ""
    return done.stdout


def refusal(data_dir: Path) -> tuple[str, str, str]:
    with pytest.raises(UserError) as caught:
        embedded.start(data_dir)
    return str(caught.value), caught.value.where, caught.value.next_step


def test_a_file_is_no_data_folder(server_path: Path) -> None:
    file = server_path / "file"
    file.touch()

    assert refusal(file) == refusal(file / "below")
    assert refusal(file)[:2] == ("This is a file, not a folder", str(file))


def test_an_ordinary_user_starts_and_stops_his_own_server(open_folder: Path) -> None:
    assert said_by(ORDINARY, open_folder / "data") == "(1,) True False\n" * 2


@pytest.mark.skipif(not ROOT, reason="only root can make a folder that belongs to root")
def test_an_ordinary_user_is_told_that_a_folder_is_not_his(open_folder: Path) -> None:
    folder = open_folder / "data"
    folder.mkdir(mode=0o755)

    assert said_by(ORDINARY, folder) == (
        "UserError The data folder can't be written: Permission denied"
        f" | {folder}/postgres | Choose another folder with MLC_DATA_DIR,"
        " or give user number 65534 the right to write here.\n"
    )


@pytest.mark.skipif(not ROOT, reason="only root can make a database that belongs to others")
def test_an_ordinary_user_is_told_whose_the_database_is(open_folder: Path) -> None:
    (open_folder / "postgres" / "cluster").mkdir(parents=True)

    assert said_by(ORDINARY, open_folder).startswith(
        "UserError The database belongs to the user root, not to"
    )


@pytest.mark.skipif(not ROOT, reason="only root becomes another user")
def test_root_runs_a_users_database_as_that_user(open_folder: Path) -> None:
    said_by(ORDINARY, open_folder)
    with embedded.start(open_folder):
        server = postmaster.find(open_folder / "postgres" / "cluster")
        assert server is not None
        uid = Path(f"/proc/{server.pid}").stat().st_uid

    assert uid == 65534
    assert said_by(ORDINARY, open_folder) == "(1,) True False\n" * 2


@pytest.mark.skipif(not ROOT, reason="only root becomes another user")
def test_roots_server_has_no_rights_and_changes_no_folder_above_it() -> None:
    private = Path(tempfile.mkdtemp())
    with embedded.start(private / "data"):
        server = postmaster.find(private / "data" / "postgres" / "cluster")
        assert server is not None
        status = Path(f"/proc/{server.pid}/status").read_text()
        mode = private.stat().st_mode & 0o777
    shutil.rmtree(private)
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)

    assert int(facts["Uid"].split()[1]) != 0
    assert int(facts["CapEff"], 16).bit_count() == 1  # to pass folders
    assert mode == 0o700


@pytest.mark.skipif(not ROOT, reason="only root becomes another user")
def test_root_serves_with_programs_that_lie_in_a_private_folder(open_folder: Path) -> None:
    private = Path(tempfile.mkdtemp(dir=open_folder))
    packages = find_binaries().folder.parents[2]
    for part in packages.glob(f"{WHEEL}*"):
        shutil.copytree(part, private / part.name)
    program = f"import sys; sys.path.insert(0, {str(private)!r})\n{ONE_START}"

    assert said_by(program, open_folder / "data") == f"{private}\n"


@pytest.mark.skipif(not ROOT, reason="only root becomes another user")
def test_without_setpriv_root_serves_folders_that_all_may_pass(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = open_folder / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setenv("PATH", str(open_folder))
    what, where, next_step = refusal(private / "data")
    with embedded.start(open_folder / "data"):
        server = postmaster.find(open_folder / "data" / "postgres" / "cluster")
        assert server is not None
        status = Path(f"/proc/{server.pid}/status").read_text()

    assert "can't pass the folders" in what
    assert "setpriv (of util-linux) is missing" in what
    assert str(private) in where
    assert "MLC_DATA_DIR" in next_step
    assert "CapEff:\t0000000000000000" in status


def fill(disk: Path, *, but_for: int) -> Path:
    free = os.statvfs(disk)
    ballast = disk / "ballast"
    ballast.write_bytes(b" " * (free.f_bavail * free.f_frsize - but_for))
    return ballast


def test_a_full_disk_is_named_when_the_database_is_made(small_disk: Path) -> None:
    fill(small_disk, but_for=8_000_000)
    what, where, next_step = refusal(small_disk)

    assert what.startswith("The disk is full")
    assert where.startswith(str(small_disk))
    assert "Free some space" in next_step


def test_a_disk_that_filled_up_is_named_and_the_database_comes_back(small_disk: Path) -> None:
    embedded.start(small_disk).stop()
    ballast = fill(small_disk, but_for=0)
    what = refusal(small_disk)[0]
    ballast.unlink()
    with embedded.start(small_disk) as owner:
        running_by_then = not owner.ensure_running()

    assert what.startswith("The disk is full")
    assert running_by_then


@pytest.mark.skipif(not ROOT, reason="only root runs the server as somebody else")
def test_a_data_folder_that_root_copied_is_handed_to_the_servers_account(
    server_path: Path,
) -> None:
    embedded.start(server_path / "data").stop()
    shutil.copytree(server_path / "data", server_path / "copy")

    with embedded.start(server_path / "copy") as owner:
        assert not owner.ensure_running()


def test_a_full_disk_is_named_when_files_can_not_grow(server_path: Path) -> None:
    assert said_by(SMALL_FILES_ONLY, server_path).startswith("The disk is full")


def test_a_cluster_of_another_major_version_is_refused_with_both_versions(
    server_path: Path,
) -> None:
    embedded.start(server_path).stop()
    (server_path / "postgres" / "cluster" / "PG_VERSION").write_text("15\n")
    what, where, next_step = refusal(server_path)

    assert "PostgreSQL 15 made this database" in what
    assert f"PostgreSQL {find_binaries().version}" in what
    assert where == str(server_path / "postgres" / "cluster")
    assert "MLC_DATABASE_URL" in next_step


def test_a_folder_with_something_else_in_it_is_left_alone(server_path: Path) -> None:
    cluster = server_path / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    if ROOT:
        os.chown(cluster, pwd.getpwnam("nobody").pw_uid, -1)
    (cluster / "photo.jpg").touch()

    assert refusal(server_path)[0] == "This folder should hold the database, but holds other files"
    assert (cluster / "photo.jpg").exists()


def test_without_a_wheel_the_way_out_is_a_server_of_ones_own() -> None:
    with pytest.raises(UserError, match="not installed") as caught:
        find_binaries("there_is_no_such_wheel")

    assert "MLC_DATABASE_URL" in caught.value.next_step


def test_a_server_that_does_not_start_shows_the_end_of_its_log(server_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        embedded.start(server_path, settings={"shared_buffers": "plenty"})

    assert 'invalid value for parameter "shared_buffers": "plenty"' in str(caught.value)
    assert caught.value.where == str(server_path / "postgres" / "server.log")
    with embedded.start(server_path) as owner:
        assert not owner.ensure_running()


def test_a_socket_folder_that_somebody_else_made_is_refused(server_path: Path) -> None:
    data_dir = server_path / ("long" * 30)
    folder = PostgresFolder(data_dir).socket
    folder.mkdir(mode=0o755)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(folder / ".s.PGSQL.5432"))
        stranger.listen()
        what, where, _ = refusal(data_dir)
        stranger.settimeout(0)
        with pytest.raises(BlockingIOError):
            stranger.accept()
    shutil.rmtree(folder)

    assert "must be private to" in what
    assert where == str(folder)


def test_no_second_server_starts_beside_one_that_only_the_kernel_knows_of(
    server_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_cluster, "_STALE_SECONDS", 0.1)
    embedded.start(server_path).stop()
    place = PostgresFolder(server_path)
    held_by_a_server_in_another_container = open_lock(place.server_lock)
    fcntl.flock(held_by_a_server_in_another_container, fcntl.LOCK_EX)
    what, _, _ = refusal(server_path)
    os.close(held_by_a_server_in_another_container)

    assert what.startswith("Another PostgreSQL server is at work on this folder")


def test_the_servers_processes_hold_the_lock_that_says_so(server_path: Path) -> None:
    place = PostgresFolder(server_path)
    with embedded.start(server_path):
        lock = open_lock(place.server_lock)
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(lock)

    assert choose_account(place.cluster).uid == place.cluster.stat().st_uid

"""What others must not read: where it is written, under which mode, and whose it is."""

import ast
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import pytest

from docs.pages import ROOT
from ml_connector import private_files

SOMEBODY = 65_534
PACKAGE = ROOT / "src" / "ml_connector"
WRITES_BY_ITSELF = {
    "private_files.py": "it is what the others use",
    "storage/postgres_cluster.py": "PostgreSQL's settings, which the server's account must read",
    "reconcile/stored/journal_lines.py": "a part of a report, in a private folder",
    "reconcile/files.py": "the parts of a report, in a private folder",
    "app/processes/metrics_folder.py": "a private folder that ends with the process",
    "storage/postgres_folder.py": "asks where the system's temporary folder is",
    "storage/backup/sealed.py": "opens a backup to read it",
    "selftest/worlds.py": "a private folder that ends with the command",
    "selftest/chaos/run.py": "likewise",
}
"""Modules that open files for writing without ``private_files``, and why that is right."""


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    """A shell that lets everybody read and write what is made in it."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, text: bytes = b"new") -> None:
    with private_files.replacing(path) as file:
        file.write(text)


def test_a_file_is_private_whatever_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o666)
    write(path)

    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600
    assert names(tmp_path) == ["file"]


def test_a_report_is_no_more_open_than_0640(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.csv"
    private_files.make_folder(path.parent)
    with private_files.replacing_text(path, mode=private_files.REPORT, newline="") as file:
        file.write("a;b\r\n")

    assert path.read_bytes() == b"a;b\r\n"
    assert mode(path) == 0o640
    assert mode(path.parent) == 0o750


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "file"
    victim.write_bytes(b"theirs")
    path.symlink_to(victim)
    write(path)

    assert victim.read_bytes() == b"theirs"
    assert path.read_bytes() == b"new"
    assert not path.is_symlink()


@pytest.mark.parametrize("there", ["file", "link", "dangling"])
def test_a_new_file_is_written_over_nothing(tmp_path: Path, there: str) -> None:
    victim, path = tmp_path / "victim", tmp_path / "file"
    if there == "file":
        path.write_bytes(b"theirs")
    else:
        path.symlink_to(victim)
        if there == "link":
            victim.write_bytes(b"theirs")
    before = names(tmp_path)
    with pytest.raises(FileExistsError), private_files.new(path) as file:
        file.write(b"new")

    assert names(tmp_path) == before
    assert not victim.exists() or victim.read_bytes() == b"theirs"


@pytest.mark.parametrize("into", [private_files.replacing, private_files.new])
def test_what_fails_half_way_leaves_nothing(
    tmp_path: Path, into: Callable[[Path], AbstractContextManager[BinaryIO]]
) -> None:
    with pytest.raises(ZeroDivisionError), into(tmp_path / "file") as file:
        file.write(bytes([1 // 0]))

    assert names(tmp_path) == []


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "there"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/null")
    with pytest.raises(OSError, match="not an ordinary file"):
        write(path)

    assert names(tmp_path) == ["there"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_leaves_a_file_to_whose_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o400)
    os.chown(path, SOMEBODY, SOMEBODY)
    with private_files.replacing(path, keep_owner=True) as file:
        file.write(b"new")
    kept = path.stat()
    write(path)

    assert (kept.st_uid, kept.st_gid, stat.S_IMODE(kept.st_mode)) == (SOMEBODY, SOMEBODY, 0o400)
    assert path.stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_makes_in_a_users_folder_is_the_users(tmp_path: Path) -> None:
    theirs = tmp_path / "data"
    theirs.mkdir()
    os.chown(theirs, SOMEBODY, SOMEBODY)
    with private_files.replacing(theirs / "replaced", keep_owner=True) as file:
        file.write(b"new")
    with private_files.new(theirs / "new", keep_owner=True) as file:
        file.write(b"new")
    os.close(private_files.opened(theirs / "opened", os.O_RDWR))
    private_files.make_folder(theirs / "reports" / "acme", keep_owner=True)

    assert {path.name: path.stat().st_uid for path in theirs.rglob("*")} == dict.fromkeys(
        ["replaced", "new", "opened", "reports", "acme"], SOMEBODY
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_that_is_there_is_not_given_away(tmp_path: Path) -> None:
    theirs, roots = tmp_path / "data", tmp_path / "shadow"
    theirs.mkdir()
    os.chown(theirs, SOMEBODY, SOMEBODY)
    roots.write_bytes(b"secret")
    (theirs / "heads").hardlink_to(roots)
    os.close(private_files.opened(theirs / "heads", os.O_RDWR))

    assert roots.stat().st_uid == 0


def writes(path: Path) -> Iterator[str]:
    """The calls of a module that write a file, or make one."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        modes = [
            one.value
            for one in [*node.args, *(keyword.value for keyword in node.keywords)]
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        name = called.rpartition(".")[2]
        opens = name == "open" and any(set("wax+") & set(one[:3]) for one in modes)
        makes = name in {"write_bytes", "write_text", "touch", "mkfifo"}
        if opens or makes or called == "os.open" or called.startswith("tempfile."):
            yield called


def test_every_file_that_is_written_is_written_by_one_module() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in {"sim", "bench"} and any(writes(path))
    }

    assert found == set(WRITES_BY_ITSELF)

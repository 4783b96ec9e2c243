"""A key file that is written anew: where, under which mode, and whose it is afterwards."""

import os
import stat
from pathlib import Path

import pytest

from ml_connector.vault.keyfile import KeyFile
from ml_connector.vault.masterkey import make_key_file, new_key, ring_from_file

SOMEBODY = 65_534


def rotated(path: Path) -> KeyFile:
    """Do with a key file what ``keys rotate`` does with it."""
    file = KeyFile(path)
    old = list(file.keys)
    file.write([new_key(), *old])
    file.retire(old)
    file.write([file.current])
    return file


@pytest.mark.parametrize("name", ["master.key", "master.key.retired"])
def test_no_file_of_anybody_else_is_written_over(tmp_path: Path, name: str) -> None:
    make_key_file(tmp_path / "master.key")
    victim = tmp_path / "victim"
    victim.write_bytes(b"theirs")
    # The number of a process can be guessed, or tried.
    (tmp_path / f".{name}.{os.getpid()}").symlink_to(victim)
    rotated(tmp_path / "master.key")

    assert victim.read_bytes() == b"theirs"
    assert not (tmp_path / name).is_symlink()


@pytest.mark.parametrize("name", ["master.key", "master.key.retired"])
def test_nobody_else_can_read_what_was_prepared_for_it(tmp_path: Path, name: str) -> None:
    make_key_file(tmp_path / "master.key")
    prepared = tmp_path / f".{name}.{os.getpid()}"
    prepared.touch()
    prepared.chmod(0o666)
    rotated(tmp_path / "master.key")

    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can rotate the keys of another user")
def test_the_service_reads_its_keys_after_root_has_rotated_them(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, SOMEBODY, SOMEBODY)
    path = folder / "master.key"
    make_key_file(path)
    made_for = path.stat().st_uid
    path.chmod(0o400)
    file = rotated(path)
    found = {one.name: one.stat() for one in folder.iterdir()}

    assert made_for == SOMEBODY
    assert {name: (one.st_uid, one.st_gid) for name, one in found.items()} == {
        "master.key": (SOMEBODY, SOMEBODY),
        "master.key.retired": (SOMEBODY, SOMEBODY),
    }
    assert stat.S_IMODE(found["master.key"].st_mode) == 0o400
    assert stat.S_IMODE(found["master.key.retired"].st_mode) == 0o600
    assert ring_from_file(path).current == file.current

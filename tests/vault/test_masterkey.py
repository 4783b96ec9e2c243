import base64
import os
import re
import stat
from pathlib import Path

import pytest

from ml_connector.errors import UserError
from ml_connector.vault.masterkey import (
    KeyRing,
    MasterKey,
    load_ring,
    make_key_file,
    ring_from_file,
    ring_from_text,
)

OLD = b"o" * 32
NEW = b"n" * 32


def text(*keys: bytes) -> str:
    return ",".join(base64.b64encode(key).decode() for key in keys)


def test_the_first_key_seals_and_all_can_open() -> None:
    ring = ring_from_text(text(NEW, OLD), where="MLC_MASTER_KEY")

    assert ring.current.material == NEW
    assert ring.find(MasterKey.of(OLD).key_id) == MasterKey.of(OLD)
    assert ring.find("00000000") is None


def test_a_key_id_is_eight_hex_digits_of_a_hash() -> None:
    assert re.fullmatch("[0-9a-f]{8}", MasterKey.of(OLD).key_id)
    assert MasterKey.of(OLD).key_id != MasterKey.of(NEW).key_id


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("", "no master key"),
        (" , ", "no master key"),
        ("CANARY!", "not base64"),
        (base64.b64encode(b"CANARY").decode(), "6 bytes long"),
        (text(NEW) + ",CANARY!", "key 2 is not base64"),
        (text(NEW + b"x"), "33 bytes long"),
    ],
)
def test_a_key_that_can_not_be_used_is_refused_without_showing_it(
    given: str, complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        ring_from_text(given, where="MLC_MASTER_KEY")

    assert caught.value.where == "MLC_MASTER_KEY"
    assert caught.value.next_step
    assert "CANARY" not in str(caught.value)


def test_a_made_key_file_is_for_its_owner_only_and_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "data" / "master.key"
    ring = make_key_file(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ring_from_file(path) == ring
    assert make_key_file(tmp_path / "other.key") != ring


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    ring = make_key_file(path)
    with pytest.raises(UserError, match="already"):
        make_key_file(path)

    assert ring_from_file(path) == ring


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    make_key_file(path)
    path.chmod(mode)
    with pytest.raises(UserError, match="other users") as caught:
        ring_from_file(path)

    assert caught.value.next_step == f"Run `chmod 600 {path}`."


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no master key") as caught:
        ring_from_file(tmp_path / "master.key")

    assert "ml-connector init" in caught.value.next_step


def test_a_folder_is_not_a_key_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be read"):
        ring_from_file(tmp_path)


def test_the_setting_goes_before_the_file_and_the_file_before_the_data_folder(
    tmp_path: Path,
) -> None:
    make_key_file(tmp_path / "master.key")
    named = tmp_path / "named.key"
    named.write_text(text(OLD))
    named.chmod(0o600)
    both = {"MLC_MASTER_KEY": text(NEW), "MLC_MASTER_KEY_FILE": str(named)}
    file_only = {"MLC_MASTER_KEY_FILE": str(named)}

    assert load_ring(both, tmp_path).current.material == NEW
    assert load_ring(file_only, tmp_path).current.material == OLD
    assert load_ring({}, tmp_path) == ring_from_file(tmp_path / "master.key")


def test_a_ring_prints_no_key() -> None:
    ring = KeyRing((MasterKey.of(b"CANARY".ljust(32, b"C")),))

    assert "CANARY" not in repr(ring) + str(ring) + f"{ring}"
    assert ring.current.key_id in repr(ring)


def test_a_ring_without_keys_is_a_bug() -> None:
    with pytest.raises(ValueError, match="at least one"):
        KeyRing(())


def test_a_key_file_can_not_be_made_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="can't be written"):
        make_key_file(tmp_path / "file" / "master.key")

    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - names are enough

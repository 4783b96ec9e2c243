"""Files that people wrote: each fault is said with its place, and nothing else is raised."""

import os
from pathlib import Path

import pytest

from bad_input.corpus import Case, as_bytes, cases
from ml_connector.config import connection, settings
from ml_connector.errors import UserError

CANARY = "canary-7f3a9"
GOOD = """\
name = "acme"
start_date = 2026-11-01

[netsuite]
account_id = "TSTDRV1234567_SB1"
client_id = "c"
certificate_id = "k"
private_key = "file:key.pem"

[shipbob]
channel_id = 100102
token = "env:TEST_TOKEN"

[locations]
"228" = "6"
"""


def written(case: Case) -> bytes:
    """Return the file of a case."""
    if "all" in case.given:
        return as_bytes(case.given["all"])
    old, new = case.given.get("old"), case.given["new"]
    if old is None:
        return as_bytes(f"{GOOD}\n{new}\n")
    assert old in GOOD
    return as_bytes(GOOD.replace(old, new, 1))


@pytest.mark.parametrize("case", cases("connection_file"), ids=str)
def test_a_connection_file_that_is_wrong_is_refused_with_its_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    monkeypatch.setenv("TEST_TOKEN", f"{CANARY}-token")
    monkeypatch.chdir(tmp_path)
    Path("key.pem").write_text("a key\n")
    Path("loop").symlink_to("loop")
    path = Path("acme.toml")
    path.write_bytes(written(case))

    with pytest.raises(UserError) as caught:
        connection.read(path)

    said = f"{caught.value}, {caught.value.where}"
    assert case.given["says"] in said
    assert "acme.toml" in caught.value.where
    assert caught.value.next_step
    assert CANARY not in said
    assert len(said) < 6_000


@pytest.mark.parametrize("case", cases("settings"), ids=str)
def test_settings_that_are_wrong_are_refused_with_their_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    for name in [one for one in os.environ if one.startswith("MLC_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    path = None
    if "file" in case.given:
        path = Path("ml-connector.toml")
        path.write_bytes(as_bytes(case.given["file"]))
    for name, value in case.given.get("set", {}).items():
        monkeypatch.setenv(name, value)

    with pytest.raises(UserError) as caught:
        settings.load(path)

    assert case.given["says"] in str(caught.value)
    assert caught.value.where
    assert caught.value.next_step

import re
import tomllib
from pathlib import Path

import pytest

from docs import pages
from docs.pages import Block
from ml_connector.config import connection, settings
from ml_connector.config.settings import Settings
from ml_connector.sim.faults import read_fault_file
from ml_connector.sim.readings import read_world_file

TOML = [pytest.param(block, id=str(block)) for block in pages.blocks("toml")]
OF_TESTS = {
    *("MLC_TEST_DATABASE_URL", "MLC_TEST_INVOICES", "MLC_TEST_LOOKS", "MLC_TEST_MONTHS"),
    *("MLC_TEST_ORDERS", "MLC_TEST_PICTURES", "MLC_TEST_QUARTER", "MLC_TEST_SALES"),
    "MLC_TEST_SEED",
    "MLC_TEST_WORLD",
    "MLC_TEST_WORLDS",
}


@pytest.mark.parametrize("block", TOML)
def test_a_toml_block_is_a_file_that_can_be_used(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.toml"
    path.write_text(block.text, "utf-8")
    for name in re.findall(r'"env:(\w+)"', block.text):
        monkeypatch.setenv(name, "made-up")
    for name in re.findall(r'"file:([^"]+)"', block.text):
        (tmp_path / name).write_text("made up", "utf-8")
    table = tomllib.loads(block.text)

    if "netsuite" in table:
        assert connection.read(path).name == table["name"]
    elif "fault" in table:
        assert len(read_fault_file(path).fault) == len(table["fault"])
    elif "world" in table:
        assert read_world_file(path).as_named() == table["world"]
    else:
        loaded = settings.load(path)
        assert {key: getattr(loaded, key) for key in table} == table


def test_the_whole_connection_file_leaves_no_key_out() -> None:
    block = pages.blocks("toml")[-1]
    whole = next(
        tomllib.loads(one.text)
        for one in pages.blocks("toml")
        if one.page == "docs/reference/connection-file.md"
    )

    def known(model: type[connection.ConnectionSettings]) -> set[str]:
        return {
            f"{name}.{(of and of.alias) or inner}"
            for name, field in model.model_fields.items()
            for inner, of in getattr(field.annotation, "model_fields", {"": None}).items()
        }

    given = {
        f"{name}.{inner}"
        for name, value in whole.items()
        for inner in (value if isinstance(value, dict) and name not in _MAPS else {"": None})
    }

    assert block is not None
    assert given == known(connection.ConnectionSettings)


_MAPS = {"locations", "skus"}


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=pages.name(page)) for page in pages.pages()]
)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    known = {f"MLC_{name.upper()}" for name in Settings.model_fields} | OF_TESTS
    named = set(re.findall(r"\bMLC_[A-Z_]+\b", page.read_text("utf-8")))

    assert named <= known

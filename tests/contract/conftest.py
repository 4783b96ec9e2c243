"""What both tools share: the OpenAPI file that they are given."""

import json
from pathlib import Path

import pytest

from contract.shipbob_file import amended


@pytest.fixture(scope="session")
def shipbob_file(reference: Path) -> Path:
    """ShipBob's OpenAPI file as it came."""
    return reference / "shipbob" / "openapi-2026-07.derived.json"


@pytest.fixture(scope="session")
def readable_file(shipbob_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same file without its contradictions."""
    readable = tmp_path_factory.mktemp("openapi") / "shipbob.json"
    readable.write_text(json.dumps(amended(shipbob_file)), "utf-8")
    return readable

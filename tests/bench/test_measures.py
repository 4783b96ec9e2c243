"""Every measure runs, loses nothing, and prints its figures."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def bench(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLC_")}
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "ml_connector", "bench", *arguments],
        cwd=folder,
        env={**kept, "MLC_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("acks", {"acks, many WROs", "acks, one WRO", "ratio, many WROs", "ratio, one WRO"}),
        ("ack-latency", {"p50", "p99", "ratio of p99"}),
        ("writes", {"p50", "p99", "ratio of p50"}),
    ],
)
def test_a_measure_prints_its_figures_beside_their_floor(
    server_path: Path, name: str, figures: set[str]
) -> None:
    done = bench(server_path, name, "--seconds", "1", "--rounds", "1", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    [measured] = json.loads(done.stdout)
    found: dict[str, Any] = {figure["name"]: figure for figure in measured["figures"]}

    assert measured["wrong"] == []
    assert figures <= found.keys()
    assert any("floor" in one for one in found)
    assert all(figure["value"] > 0 for figure in found.values())
    assert list((server_path / "data").iterdir()) == []


def test_the_simulators_answer_for_their_speed(server_path: Path) -> None:
    done = bench(
        server_path, "simulators", "--quick", "--seconds", "0.2", "--rounds", "1", "--json"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [measured] = json.loads(done.stdout)

    assert measured["wrong"] == []
    assert {figure["name"]: figure["value"] > 0 for figure in measured["figures"]} == {
        "NetSuite, a record": True,
        "NetSuite, a small SuiteQL query": True,
        "ShipBob, fulfillment centers": True,
        "month planned": True,
        "month planned, memory": True,
        "month played": True,
        "month played, memory": True,
    }


def test_an_unknown_measure_is_wrong_usage(server_path: Path) -> None:
    done = bench(server_path, "speed")

    assert done.returncode == 2
    assert 'There is no measure "speed"' in done.stderr


def test_a_month_end_finds_its_faults_whatever_its_size(server_path: Path) -> None:
    done = bench(server_path, "month-end", "--quick", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    [measured] = json.loads(done.stdout)
    found: dict[str, Any] = {figure["name"]: figure for figure in measured["figures"]}

    assert measured["wrong"] == []
    assert found["memory of its process"]["meets"]
    assert found["cost of a row, largest to smallest"]["value"] > 0


def test_a_large_invoice_is_billed_to_the_cent_within_its_memory(server_path: Path) -> None:
    done = bench(server_path, "invoice", "--quick", "--json")
    [measured] = json.loads(done.stdout)
    figures = {figure["name"]: figure for figure in measured["figures"]}

    assert measured["wrong"] == []
    assert figures["memory"]["value"] <= figures["memory"]["at_most"]
    assert figures["own time"]["value"] > 0


@pytest.mark.parametrize("name", ["first-poll", "large-wro"])
def test_inbound_in_bulk_is_read_whole_and_stays_small(server_path: Path, name: str) -> None:
    done = bench(server_path, name, "--quick", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    [measured] = json.loads(done.stdout)
    met = {figure["name"]: figure["meets"] for figure in measured["figures"]}

    assert measured["wrong"] == []
    assert met["memory"]
    assert met.get("item look-ups per 1,000 SKUs", True)


def test_a_sweep_of_many_wros_asks_for_few_and_finds_those_that_arrived(
    server_path: Path,
) -> None:
    done = bench(server_path, "sweeps", "--quick", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    [measured] = json.loads(done.stdout)
    met = {figure["name"]: figure["meets"] for figure in measured["figures"]}

    assert measured["wrong"] == []
    assert met["calls to ShipBob"]

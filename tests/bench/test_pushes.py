"""A push converges under ShipBob's real limit, at the price that the cost table says."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.test_measures import bench


def push(folder: Path, orders: int, speed: int, *options: str) -> dict[str, Any]:
    size = ["--orders", str(orders), "--speed", str(speed)]
    done = bench(folder, "pushes", *size, *options, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    [measured] = json.loads(done.stdout)
    return dict(measured)


def figure(measured: dict[str, Any], ending: str) -> dict[str, Any]:
    [found] = [one for one in measured["figures"] if one["name"].endswith(ending)]
    return dict(found)


def test_every_order_becomes_one_wro_and_no_run_fails(server_path: Path) -> None:
    measured = push(server_path, 30, 10)

    assert measured["wrong"] == []
    assert figure(measured, ": calls each")["meets"]
    assert list((server_path / "data").iterdir()) == []


@pytest.mark.chaos
def test_so_they_do_while_the_service_is_killed_again_and_again(server_path: Path) -> None:
    measured = push(server_path, 45, 3, "--kill-every", "8")

    assert measured["wrong"] == []
    assert figure(measured, ": kills")["value"] >= 1

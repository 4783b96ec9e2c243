"""A push converges under ShipBob's real limit, at the price that the cost table says."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.test_measures import bench
from ml_connector.bench.pushes import Down, Wait


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


def test_the_time_that_the_service_is_down_does_not_count_as_its_wait() -> None:
    def at(second: int) -> datetime:
        return datetime(2026, 11, 30, 6, 0, second, tzinfo=UTC)

    downs = [Down(at(10), at(18)), Down(at(30), at(35))]

    assert Wait(at(8), at(20)).seconds_beside(downs) == 4
    assert Wait(at(12), at(19)).seconds_beside(downs) == 1
    assert Wait(at(5), at(40)).seconds_beside(downs) == 22
    assert Wait(at(20), at(22)).seconds_beside(downs) == 2

"""What pages show of filled books is measured, and each figure has its target."""

import json
from pathlib import Path

from bench.test_measures import bench


def test_pages_answer_for_their_speed(server_path: Path) -> None:
    done = bench(server_path, "pages", "--quick", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    [measured] = json.loads(done.stdout)
    found = {figure["name"]: figure for figure in measured["figures"]}

    assert measured["wrong"] == []
    assert {"overview, p95", "journal, a SKU, p95", "acts, p95"} <= found.keys()
    assert any("floor" in one for one in found)
    assert all(figure["value"] > 0 for figure in found.values())

"""The journal's proof, measured, finds nothing wrong with a journal as settle writes it."""

import json
from pathlib import Path

from bench.test_measures import bench


def test_the_journal_answers_for_its_proof(server_path: Path) -> None:
    done = bench(server_path, "audit", "--quick", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    [measured] = json.loads(done.stdout)
    found = {figure["name"]: figure for figure in measured["figures"]}

    assert measured["wrong"] == []
    assert "audit verify, 20,000 rows" in found
    assert "journal show, p95, 20,000 rows" in found

"""The plan of faults that both simulators share."""

from pathlib import Path

import pytest

from ml_connector.sim.faults import (
    COMMITS,
    MEANINGS,
    Fault,
    FaultFileError,
    FaultPlan,
    read_fault_file,
)


def test_a_rule_strikes_matching_calls_only() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind="bad_gateway", method="POST", path="/RECEIVING$"))

    assert plan.strike("GET", "/receiving") is None
    assert plan.strike("POST", "/receiving/1") is None
    struck = plan.strike("POST", "/2026-07/receiving")
    assert struck is not None
    assert struck.kind == "bad_gateway"


def test_a_rule_passes_some_calls_and_strikes_a_number_of_times() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind="unavailable", skip=1, times=2))
    struck = [plan.strike("GET", "/") is not None for _ in range(5)]

    assert struck == [False, True, True, False, False]


def test_draws_repeat_with_their_seed() -> None:
    def play(seed: int) -> list[bool]:
        plan = FaultPlan(seed)
        plan.add(Fault(kind="unavailable", probability=0.5))
        return [plan.strike("GET", "/") is not None for _ in range(50)]

    assert play(7) == play(7)
    assert play(7) != play(8)
    assert 10 < sum(play(7)) < 40


def test_latencies_add_up_and_come_with_another_fault() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind="latency", seconds=1))
    plan.add(Fault(kind="rate_limited"))
    plan.add(Fault(kind="latency", seconds=2, seconds_max=3))
    struck = plan.strike("GET", "/")

    assert struck is not None
    assert struck.kind == "rate_limited"
    assert 3 <= struck.latency <= 4


def test_only_the_first_fault_that_strikes_is_used_up() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind="bad_gateway", times=1))
    plan.add(Fault(kind="unavailable", times=1))
    kinds = [struck.kind if (struck := plan.strike("GET", "/")) else None for _ in range(3)]

    assert kinds == ["bad_gateway", "unavailable", None]


def test_rules_can_be_taken_back() -> None:
    plan = FaultPlan()
    number = plan.add(Fault(kind="unavailable"))

    assert plan.remove(number)
    assert not plan.remove(number)
    assert plan.strike("GET", "/") is None


def test_the_listing_counts() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind="unavailable", times=1))
    for _ in range(3):
        plan.strike("GET", "/")
    rule = plan.listing()[0]

    assert (rule["kind"], rule["matched"], rule["struck"]) == ("unavailable", 3, 1)


def test_a_broken_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        FaultPlan().add(Fault(kind="unavailable", path="("))


@pytest.mark.parametrize("name", ["plan.toml", "plan.json"])
def test_a_file_gives_seed_and_rules(tmp_path: Path, name: str) -> None:
    texts = {
        "plan.toml": 'seed = 3\n[[fault]]\nkind = "latency"\nseconds = 0.5\n'
        '[[fault]]\nkind = "unavailable"\nsystem = "shipbob"\n',
        "plan.json": '{"seed": 3, "fault": [{"kind": "latency", "seconds": 0.5}, '
        '{"kind": "unavailable", "system": "shipbob"}]}',
    }
    file = tmp_path / name
    file.write_text(texts[name])
    read = read_fault_file(file)
    plan = FaultPlan(system="netsuite")
    numbers = plan.load(read)

    assert (read.seed, len(read.fault), len(numbers)) == (3, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        'fault = [{kind = "nonsense"}]',
        "seed = ",
        'fault = [{kind = "latency", secs = 1}]',
        'fault = [{kind = "latency", path = "("}]',
        'fault = [{kind = "latency", probability = 2.0}]',
    ],
)
def test_a_broken_file_says_where(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(text)

    with pytest.raises(FaultFileError, match=r"plan\.toml"):
        read_fault_file(file)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FaultFileError, match="No such file"):
        read_fault_file(tmp_path / "none.toml")


def test_every_kind_has_a_meaning_that_says_whether_work_is_done() -> None:
    for kind, meaning in MEANINGS.items():
        if kind not in ("latency", "token_revoked"):
            assert ("work is done" in meaning) == (kind in COMMITS), kind

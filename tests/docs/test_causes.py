"""The table of causes: the page is made of it, and every failure that code raises stands in it."""

import ast
import re
from collections.abc import Iterator

import pytest

from docs import pages
from docs.pages import ROOT
from ml_connector.app.operations.decisions.offers import offers_of
from ml_connector.causes.table import page_rows, plain, stops, who_acts
from ml_connector.flows import FLOWS
from ml_connector.words import Cause

PAGE = ROOT / "docs" / "reference" / "statuses-and-causes.md"
PACKAGE = ROOT / "src" / "ml_connector"
COLUMNS = ("cause", "status", "what has happened", "remedy", "who can act", "decisions")
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"
STATUSES = {"NeedsData": "parked", "NeedsHuman": "dead", "Retryable": "retrying"}


def offered() -> dict[Cause, str]:
    """What people may decide, by cause, with the flow where not every flow offers the same.

    Without what they may decide about every cause.
    """
    by_cause: dict[Cause, dict[str, list[str]]] = {}
    for flow in FLOWS.values():
        for cause, kinds in offers_of(flow).items():
            words = ", ".join(f"`{kind}`" for kind in kinds)
            by_cause.setdefault(cause, {}).setdefault(words, []).append(flow.name)
    return {
        cause: "; ".join(f"{words} ({', '.join(flows)})" for words, flows in said.items())
        for cause, said in by_cause.items()
    }


def test_the_reference_page_is_made_of_the_table(request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text("utf-8")
    begins = text.index("| cause | status |")
    ends = text.index("\n\n", begins) + 1
    made = HEAD + "".join(f"{row}\n" for row in page_rows(offered()))
    if request.config.getoption("--update-golden"):
        PAGE.write_text(text[:begins] + made + text[ends:], "utf-8")
        return

    assert text[begins:ends] == made


def raised() -> Iterator[tuple[str, str, str]]:
    """Yield the cause, the status and the place of every failure with a cause of its own."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "sim" in path.relative_to(PACKAGE).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                status = STATUSES.get(node.func.id)
                for keyword in node.keywords if status else ():
                    if keyword.arg == "cause":
                        for name in re.findall(r"Cause\.([A-Z_]+)", ast.unparse(keyword.value)):
                            yield Cause[name], status or "", f"{path.name}:{node.lineno}"


def test_every_failure_that_is_raised_stands_in_the_table() -> None:
    known = {(one.cause, one.status) for one in stops()}
    missing = sorted(
        (cause, status, where) for cause, status, where in raised() if (cause, status) not in known
    )

    assert missing == []


def test_the_table_names_no_stop_that_code_does_not_raise() -> None:
    said = {(cause, status) for cause, status, _ in raised()}
    used = {cause for cause, _ in said}
    extra = sorted(
        (one.cause, one.status)
        for one in stops()
        if one.status and (one.cause, one.status) not in said and one.cause in used
    )

    assert extra == []


def test_whoever_is_stopped_has_somebody_who_can_act() -> None:
    for one in stops():
        assert (one.who == "nobody") == (
            one.status in {"retrying", ""}
        ) or one.cause == "connection_held"
        assert one.means
        assert one.remedy or one.status in {"retrying", ""}
        assert plain(one.means)


def test_who_acts_is_asked_by_cause_and_status() -> None:
    assert who_acts("sku_missing_in_netsuite", "parked") == "finance"
    assert who_acts("over_receipt", "dead") == "warehouse"
    assert who_acts("permission_missing", "dead") == "it"
    assert who_acts("rate_limited", "retrying") == "nobody"
    assert who_acts("of another build", "dead") == "nobody"


def test_plain_text_has_no_marks() -> None:
    assert plain("[map it](../x.md) under `[skus]` and apply") == "map it under [skus] and apply"


def test_pages_that_link_to_causes_exist() -> None:
    assert "Causes" in pages.sections("docs/reference/statuses-and-causes.md")

"""What is in one place only, so that who changes it finds all of it."""

import ast

from docs.sources import PACKAGE
from ml_connector.app.alarms import sentences
from ml_connector.ledger.alarms.alarms import Group
from ml_connector.words import AlarmKind


def written_out(call: ast.Call) -> bool:
    """Whether a call gives a sentence or a remedy that it makes itself."""
    return any(
        keyword.arg in {"sentence", "remedy"}
        and not isinstance(keyword.value, ast.Name | ast.Attribute)
        for keyword in call.keywords
    )


def test_alarms_say_what_one_module_has() -> None:
    calls = [
        (path.name, node)
        for path in sorted((PACKAGE / "app").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "raise_alarm"
    ]

    assert len(calls) > 5
    assert [(name, call.lineno) for name, call in calls if written_out(call)] == []


def test_every_kind_of_alarm_has_a_title() -> None:
    titles = {
        kind: sentences.message_of(Group(connection="acme", kind=kind, alarms=()), None)[0]
        for kind in AlarmKind
    }

    assert {kind: said for kind, said in titles.items() if said.endswith(f"acme: {kind}")} == {
        AlarmKind.WEBHOOKS: "ml-connector acme: webhooks"
    }

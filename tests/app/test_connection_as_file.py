"""A connection as the file that is applied: it says the same, and holds no secret."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_connector.app.connections.as_file import as_file
from ml_connector.config.connection import ConnectionSettings, read

LEAST: dict[str, Any] = {
    "name": "acme",
    "mode": "live",
    "start_date": "2026-11-01",
    "netsuite": {"account_id": "1234567_SB1", "client_id": "c", "certificate_id": "k"},
    "shipbob": {"token": "sealed"},
}
SECRETS = {
    "netsuite.private_key": "NS_PRIVATE_KEY",
    "shipbob.token": "SHIPBOB_TOKEN",
    "shipbob.client_secret": "SB_CLIENT_SECRET",
    "shipbob.refresh_token": "SB_REFRESH_TOKEN",
    "shipbob.webhook_secrets.0": "SB_WEBHOOK_SECRET_1",
    "shipbob.webhook_secrets.1": "SB_WEBHOOK_SECRET_2",
    "alarms.urls.0": "ALARM_URL_1",
}
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
).filter(lambda text: not text.startswith(("env:", "file:")))


def stored(more: dict[str, Any]) -> dict[str, Any]:
    """Return a file as the ledger keeps it."""
    found = ConnectionSettings.model_validate({**LEAST, **more})
    return {**found.model_dump(mode="json", exclude={"mode"}), "start_date": "2026-11-01"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    skus=st.dictionaries(TEXT, TEXT, max_size=4),
    fees=st.dictionaries(TEXT, TEXT, max_size=3),
    centers=st.dictionaries(TEXT, st.just({"class": "4"}), max_size=2),
    more=st.fixed_dictionaries(
        {},
        optional={
            "tags": st.lists(TEXT, max_size=2),
            "over_receipt": st.sampled_from(["receive", "adjust", "park", "refuse"]),
            "order_match": st.sampled_from(["shopify", ["order_number - '#' = otherrefnum"]]),
            "order_match_by_channel": st.just({"100102": "amazon"}),
            "mark_tracking": st.booleans(),
        },
    ),
)
def test_a_file_that_is_read_again_says_the_same(
    tmp_path: Path,
    skus: dict[str, str],
    fees: dict[str, str],
    centers: dict[str, Any],
    more: dict[str, Any],
) -> None:
    policies = {key: value for key, value in more.items() if key != "tags"}
    ignore = {"tags": more.get("tags", [])}
    billing = {"vendor": "301", "accounts": fees, "centers": centers}
    before = stored({"skus": skus, "policies": policies, "billing": billing, "ignore": ignore})
    path = tmp_path / "acme.toml"
    path.write_text(as_file(before, mode="live", secrets=()), "utf-8")

    after = read(path)

    assert {**after.model_dump(mode="json"), "mode": None} == {**before, "mode": None}
    assert after.mode == "live"


def test_secrets_are_named_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = as_file(stored({}), mode="dry-run", secrets=SECRETS)
    for field, variable in SECRETS.items():
        monkeypatch.setenv(variable, f"the secret {field}")
    path = tmp_path / "acme.toml"
    path.write_text(text)

    assert {one: secret.reveal() for one, secret in read(path).secrets().items()} == {
        field: f"the secret {field}" for field in SECRETS
    }
    assert "sealed" not in text


def test_what_is_usual_is_left_out() -> None:
    assert as_file(stored({}), mode=None, secrets=["shipbob.token"]) == (
        "# Without its secrets: set the environment variables that are named here,\n"
        '# or write "file:PATH" in their place, and run: ml-connector connection apply FILE\n'
        'name = "acme"\n'
        "start_date = 2026-11-01\n"
        "\n"
        "[netsuite]\n"
        'account_id = "1234567_SB1"\n'
        'client_id = "c"\n'
        'certificate_id = "k"\n'
        "\n"
        "[shipbob]\n"
        'token = "env:SHIPBOB_TOKEN"\n'
    )

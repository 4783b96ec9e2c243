"""Consent for a connection that is being set up: what is refused, and where the browser goes."""

from urllib.parse import parse_qs, urlsplit

import pytest

from acceptance.merchant import Merchant
from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up import draft_consent, drafts
from ml_connector.app.sign_in.consent_refusals import ConsentRefused
from ml_connector.errors import UserError
from ml_connector.secret import Secret

HERE = "http://127.0.0.1:8700"
BACK = f"{HERE}/connect/second/shipbob"


@pytest.fixture
async def draft(acme: Merchant, installation: Installation) -> Installation:
    async with installation.database.transaction() as on:
        await drafts.begin(on, "second", "1234567", person="keeper")
        section = {"client_id": "ours", "auth_url": acme.world.auth_server.url}
        await drafts.answer(on, "second", "shipbob", section, person="keeper")
    return installation


async def seal(installation: Installation) -> None:
    async with installation.database.transaction() as on:
        await drafts.keep_secret(
            installation, on, "second", drafts.CLIENT_SECRET, Secret("s"), person="keeper"
        )


async def begin(installation: Installation, base: str | None = HERE) -> dict[str, list[str]]:
    there = await draft_consent.begin(
        installation, "second", base=base, back=BACK, person="keeper"
    )
    return parse_qs(urlsplit(there).query)


async def refusal(
    installation: Installation, state: str, *, code: str = "", error: str = ""
) -> ConsentRefused:
    with pytest.raises(ConsentRefused) as caught:
        await draft_consent.finish(installation, state=state, code=code, error=error)
    return caught.value


async def test_an_application_and_an_address_are_needed(draft: Installation) -> None:
    with pytest.raises(UserError, match="client id and secret are needed first"):
        await begin(draft)
    await seal(draft)
    with pytest.raises(UserError, match="needs an address"):
        await begin(draft, base=None)

    asked = await begin(draft)

    assert asked["redirect_uri"] == [f"{HERE}/oauth/shipbob/callback"]
    assert asked["integration_name"] == ["ml-connector second"]
    assert asked["state"][0].startswith("second.")


async def test_a_state_is_good_once_and_the_last_one_only(draft: Installation) -> None:
    await seal(draft)
    [earlier] = (await begin(draft))["state"]
    [state] = (await begin(draft))["state"]
    foreign = [await refusal(draft, one, code="c") for one in (earlier, "second.x", "none.x")]
    denied = await refusal(draft, state, error="access_denied")
    again = await refusal(draft, state, code="c")

    assert {str(one).split(",")[0] for one in (*foreign, again)} == {
        "This consent was not begun here"
    }
    assert [one.back for one in (*foreign, again)] == [""] * 4
    assert denied.back == BACK
    assert await draft.drafts.fields("second") == {drafts.CLIENT_SECRET}

"""Consent for a connection that is being set up: what is refused, and what it comes to."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from acceptance.merchant import Merchant
from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up import applying, draft_consent, drafts
from ml_connector.app.sign_in.consent_refusals import ConsentRefused
from ml_connector.app.views.health import connection_health
from ml_connector.errors import UserError
from ml_connector.ledger.connections import connections, consents
from ml_connector.secret import Secret
from ml_connector.shipbob.sign_in.oauth import SCOPES
from ml_connector.sim.world import CLIENT_ID
from waiting import HANGS_AFTER_SECONDS
from web.consent_form import answer

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


async def test_an_applied_connection_has_the_consent_of_its_set_up_and_its_clock(
    acme: Merchant, draft: Installation
) -> None:
    fields = await gives_consent(acme, draft)
    await draft_consent.finish(draft, state=fields["state"], code=fields["code"], error="")
    await tells_the_rest(acme, draft)
    applied = await applying.apply(draft, "second", person="another")
    async with draft.database.transaction() as on:
        grant = await consents.granted(on, "second")
        second = await connections.find(on, "second")
        assert second is not None
        health = await connection_health(on, second, now=datetime.now(UTC))
        acts = await on.execute("select person from act where what = 'consent.given'")
        acts_kept = await acts.fetchall()

    assert applied["saved"], applied
    assert grant is not None
    assert (grant["person"], set(grant["scopes"])) == ("keeper", set(SCOPES))
    assert grant["channel_id"] == max(acme.world.shipbob.books.access.channels)
    assert timedelta(0) <= datetime.now(UTC) - grant["granted_at"] < timedelta(hours=1)
    assert health.shipbob.ends_at is not None
    assert [row["person"] for row in acts_kept] == ["keeper"]


async def gives_consent(acme: Merchant, installation: Installation) -> dict[str, str]:
    """Consent at ShipBob in a browser; return what comes back."""
    application = acme.world.application
    application.redirect_uris = (f"{HERE}/oauth/shipbob/callback",)
    async with installation.database.transaction() as on:
        section = {"client_id": application.client_id, "api_url": acme.world.api_server.url}
        await drafts.answer(on, "second", "shipbob", section, person="keeper")
        secret = Secret(str(application.client_secret))
        await drafts.keep_secret(
            installation, on, "second", drafts.CLIENT_SECRET, secret, person="keeper"
        )
    there = await draft_consent.begin(
        installation, "second", base=HERE, back=BACK, person="keeper"
    )
    with httpx2.Client(trust_env=False, timeout=HANGS_AFTER_SECONDS) as client:
        return answer(client, acme.world.auth_server.url, there).fields


async def tells_the_rest(acme: Merchant, installation: Installation) -> None:
    netsuite = acme.world.netsuite
    async with installation.database.transaction() as on:
        await drafts.make_certificate(
            installation, on, "second", now=datetime.now(UTC), person="keeper"
        )
        made = (await drafts.found(on, "second")).answers["netsuite"]["certificate"]
        address = acme.world.netsuite_server.url
        section = {
            "account_id": netsuite.account_id,
            "client_id": CLIENT_ID,
            "certificate_id": netsuite.register_certificate(CLIENT_ID, made),
            "base_url": address,
            "restlets_url": address,
            "subsidiary": "1",
        }
        await drafts.answer(on, "second", "netsuite", section, person="keeper")
        places = {"228": "6", "10": "7"}
        await drafts.answer(on, "second", "locations", places, person="keeper")
        account = {"inventory_adjustment": "54"}
        await drafts.answer(on, "second", "accounts", account, person="keeper")

from collections.abc import Callable
from typing import Any

import pytest

from ml_connector.errors import NeedsHuman
from ml_connector.secret import Secret
from ml_connector.shipbob.sign_in.access import (
    ChosenAccess,
    ConsentAccess,
    PersonalAccess,
    ShipBobCredentials,
)
from ml_connector.shipbob.sign_in.oauth import Application
from ml_connector.transport.call import Answer
from ml_connector.words import Cause

MakeAnswer = Callable[..., Answer]
Make = Callable[..., Any]

API = "https://api.shipbob.com"
AUTH = "https://auth.shipbob.com"
APPLICATION = Application(
    connection="acme", auth_url=AUTH, client_id="c", client_secret=Secret("s")
)
SANDBOX_TOKEN = "e30.eyJpc3MiOiJodHRwczovL2F1dGhzdGFnZS5zaGlwYm9iLmNvbSJ9.x"


async def test_a_personal_token_is_used_as_it_is() -> None:
    access = PersonalAccess(Secret("PAT"), api_url=API, auth_url=AUTH)

    assert (await access.bearer()).access == Secret("PAT")


async def test_a_refused_personal_token_needs_a_person() -> None:
    access = PersonalAccess(Secret("PAT"), api_url=API, auth_url=AUTH)

    with pytest.raises(NeedsHuman, match="personal access token") as refused:
        await access.renewed(await access.bearer())
    assert refused.value.cause is Cause.CREDENTIALS_INVALID
    assert "API Tokens" in refused.value.remedy


def test_a_personal_token_of_the_sandbox_is_refused_in_production() -> None:
    with pytest.raises(NeedsHuman, match="sandbox"):
        PersonalAccess(Secret(SANDBOX_TOKEN), api_url=API, auth_url=AUTH)


def pair(number: int) -> dict[str, object]:
    return {"access_token": f"A{number}", "expires_in": 3600, "refresh_token": f"R{number}"}


async def test_a_refused_consent_token_is_renewed_with_the_rotated_one(
    script: Make, answer: MakeAnswer, keeper: Make
) -> None:
    transport = script(answer(pair(1)), answer(pair(2)))
    access = ConsentAccess(
        transport, keeper(), APPLICATION, api_url=API, first_refresh=Secret("R0")
    )
    first = await access.bearer()
    second = await access.renewed(first)

    assert (first.access, second.access) == (Secret("A1"), Secret("A2"))
    assert b"refresh_token=R0" in transport.calls[0].body
    assert b"refresh_token=R1" in transport.calls[1].body


async def test_a_token_that_somebody_renewed_meanwhile_is_not_renewed_again(
    script: Make, answer: MakeAnswer, keeper: Make
) -> None:
    transport = script(answer(pair(1)), answer(pair(2)))
    access = ConsentAccess(
        transport, keeper(), APPLICATION, api_url=API, first_refresh=Secret("R0")
    )
    first = await access.bearer()
    await access.renewed(first)

    assert (await access.renewed(first)).access == Secret("A2")
    assert len(transport.calls) == 2


async def test_a_consent_token_of_another_world_is_not_sent(
    script: Make, answer: MakeAnswer, keeper: Make
) -> None:
    transport = script(answer({**pair(1), "access_token": SANDBOX_TOKEN}))
    access = ConsentAccess(
        transport, keeper(), APPLICATION, api_url=API, first_refresh=Secret("R0")
    )

    with pytest.raises(NeedsHuman, match="sandbox"):
        await access.bearer()


BOTH = ShipBobCredentials(token=Secret("P"), application=APPLICATION)


@pytest.mark.parametrize(
    ("credentials", "kind"),
    [
        (ShipBobCredentials(token=Secret("P")), PersonalAccess),
        (ShipBobCredentials(application=APPLICATION), ConsentAccess),
        (
            ShipBobCredentials(
                token=Secret("P"), application=APPLICATION, refresh_token=Secret("R")
            ),
            ConsentAccess,
        ),
        (BOTH, ChosenAccess),
    ],
    ids=["token", "consent", "both", "both, without a refresh token"],
)
def test_consent_goes_first(
    script: Make, keeper: Make, credentials: ShipBobCredentials, kind: type
) -> None:
    access = credentials.access(script(), keeper(), api_url=API, auth_url=AUTH)

    assert isinstance(access, kind)


async def test_the_personal_token_serves_until_consent_was_given(
    script: Make, answer: MakeAnswer, keeper: Make
) -> None:
    tokens = keeper()
    before = await BOTH.access(script(), tokens, api_url=API, auth_url=AUTH).bearer()
    consent = ConsentAccess(
        script(answer(pair(1))), tokens, APPLICATION, api_url=API, first_refresh=Secret("R0")
    )
    await consent.bearer()  # as the browser's way leaves it
    after = await BOTH.access(script(), tokens, api_url=API, auth_url=AUTH).bearer()

    assert (before.access, after.access) == (Secret("P"), Secret("A1"))


async def test_a_refused_token_is_followed_by_one_of_its_own_kind(
    script: Make, answer: MakeAnswer, keeper: Make
) -> None:
    access = BOTH.access(script(answer(pair(2))), keeper(), api_url=API, auth_url=AUTH)

    with pytest.raises(NeedsHuman, match="personal access token"):
        await access.renewed(await access.bearer())


def test_billing_goes_by_the_personal_token_where_there_are_both() -> None:
    doors = BOTH.by_scope(api_url=API, auth_url=AUTH)

    assert set(doors) == {"billing_read", "pricing_read"}
    assert all(isinstance(one, PersonalAccess) for one in doors.values())
    assert ShipBobCredentials(token=Secret("P")).by_scope(api_url=API, auth_url=AUTH) == {}
    assert ShipBobCredentials(application=APPLICATION).by_scope(api_url=API, auth_url=AUTH) == {}


def test_no_credentials_at_all_need_a_person(script: Make, keeper: Make) -> None:
    with pytest.raises(NeedsHuman, match="no credentials"):
        ShipBobCredentials().access(script(), keeper(), api_url=API, auth_url=AUTH)

"""What people do in the set-up: tell, look, apply, discard, go live."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from ml_connector.app.errands import errands
from ml_connector.app.set_up import draft_consent, drafts
from ml_connector.app.set_up.drafts import NoSuchDraft
from ml_connector.app.set_up.products import MOST_LISTED
from ml_connector.app.set_up.sentences import POLICIES
from ml_connector.app.views import set_up
from ml_connector.errors import UserError
from ml_connector.storage.database import Connection
from ml_connector.web.address import WebRequest
from ml_connector.web.consent import local_base
from ml_connector.web.console.forms import Typed
from ml_connector.web.console.guards import needs
from ml_connector.web.console.pages.connect.steps import (
    PATH,
    RIGHT,
    STEPS,
    begun,
    shown_step,
)
from ml_connector.web.console.rendering import page, see_other
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_GUARDS: Final = [needs(RIGHT)]

Tell = Callable[[Console, Connection, str, Typed, str], Awaitable[None]]
"""Keeps what a step's form tells: given console, transaction, draft, fields, person."""


@post(PATH, guards=_GUARDS, status_code=HTTPStatus.SEE_OTHER)
async def begin(request: WebRequest, who: Who) -> Response[bytes]:
    """Begin a set-up."""
    typed = await Typed.into(request)
    name, account = typed.text("name").lower(), typed.text("account_id")
    try:
        async with Console.of(request).database.transaction() as on:
            await drafts.begin(on, name, account, person=who.name)
            await drafts.answer(on, name, "netsuite", {"account_id": account}, person=who.name)
    except UserError as error:
        return await begun(request, error=error, name=name, account=account)
    return see_other(_at(name, STEPS[0]))


@post(f"{PATH}/{{name:str}}/{{step:str}}", guards=_GUARDS, status_code=HTTPStatus.SEE_OTHER)
async def tell(request: WebRequest, who: Who, name: str, step: str) -> Response[bytes]:
    """Keep what a step's form tells, and go on: to a look, or to the next step."""
    told = _TELLS.get(step)
    if told is None:
        raise NotFoundException(detail="There is no such step")
    console, typed = Console.of(request), await Typed.into(request)
    refused: UserError | None = None
    async with console.database.transaction() as on:
        try:
            await told(console, on, name, typed, who.name)
        except UserError as error:
            refused = error  # what could be kept before is kept
    if refused is not None:
        return await shown_step(request, name, step, error=refused)
    if typed.text("then") == "consent":
        return await _to_shipbob(request, who, name)
    if step in {"netsuite", "shipbob"}:
        await _ask(console, set_up.LOOK, name, who)
        return see_other(_at(name, step))
    stays = typed.text("then") == "try"
    if step == "found" or stays:
        await _ask(console, set_up.TRY, name, who)
    return see_other(_at(name, step if stays else STEPS[STEPS.index(step) + 1]))


async def _to_shipbob(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Send the browser to ShipBob for consent; it comes back to this step.

    By a page of ours: the answer to a form must not lead to another host.
    """
    origin = request.headers.get("origin", "")
    try:
        there = await draft_consent.begin(
            Console.of(request).installation,
            name,
            base=local_base(request),
            back=f"{origin}{_at(name, 'shipbob')}",
            person=who.name,
        )
    except UserError as error:
        return await shown_step(request, name, "shipbob", error=error)
    return page(request, "connect_to_shipbob.html.jinja", name=name, there=there)


@post(f"{PATH}/{{name:str}}/certificate", guards=_GUARDS, status_code=HTTPStatus.SEE_OTHER)
async def certificate(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Make a key and certificate for NetSuite."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        await drafts.make_certificate(
            console.installation, on, name, now=datetime.now(UTC), person=who.name
        )
    return see_other(_at(name, "netsuite"))


@get(f"{PATH}/{{name:str}}/certificate.cer", guards=_GUARDS)
async def certificate_file(request: WebRequest, name: str) -> Response[bytes]:
    """Hand out the certificate, which is uploaded to NetSuite. The key stays here."""
    async with Console.of(request).database.single() as on:
        draft = await drafts.found(on, name)
    made = draft.answers["netsuite"].get("certificate")
    if made is None:
        raise NotFoundException(detail="No certificate was made yet")
    return Response(
        made.encode(),
        media_type="application/x-x509-ca-cert",
        headers={"content-disposition": f'attachment; filename="{name}-netsuite.cer"'},
    )


@post(f"{PATH}/{{name:str}}/look", guards=_GUARDS, status_code=HTTPStatus.SEE_OTHER)
async def look(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Let a worker see what both systems show."""
    typed = await Typed.into(request)
    await _ask(Console.of(request), set_up.LOOK, name, who)
    step = typed.text("step")
    return see_other(_at(name, step if step in STEPS else "found"))


@post(f"{PATH}/{{name:str}}/try", guards=_GUARDS, status_code=HTTPStatus.SEE_OTHER)
async def apply(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Let a worker make a connection of it, in dry run."""
    await _ask(Console.of(request), set_up.APPLY, name, who)
    return see_other(_at(name, "apply"))


@post(f"{PATH}/{{name:str}}/discard", guards=_GUARDS, status_code=HTTPStatus.SEE_OTHER)
async def discard(request: WebRequest, who: Who, name: str) -> Response[bytes]:
    """Forget it, with its secrets."""
    async with Console.of(request).database.transaction() as on:
        await drafts.discard(on, name, person=who.name)
    return see_other(PATH)


async def _netsuite(console: Console, on: Connection, name: str, typed: Typed, by: str) -> None:
    del console
    keys = ("account_id", "client_id", "certificate_id", "base_url", "restlets_url")
    await _answer(on, name, by, {"netsuite": {key: typed.text(key) for key in keys}})


async def _shipbob(console: Console, on: Connection, name: str, typed: Typed, by: str) -> None:
    token = typed.secret("token")
    if token.reveal().strip():
        await drafts.keep_secret(console.installation, on, name, drafts.TOKEN, token, person=by)
    secret = typed.secret("client_secret")
    if secret.reveal().strip():
        await drafts.keep_secret(
            console.installation, on, name, drafts.CLIENT_SECRET, secret, person=by
        )
    keys = ("client_id", "api_url", "auth_url")
    await _answer(on, name, by, {"shipbob": {key: typed.text(key) for key in keys}})


async def _found(console: Console, on: Connection, name: str, typed: Typed, by: str) -> None:
    seen = await set_up.set_up_page(console.installation, on, name)
    channel = typed.text("channel_id")
    keys = {
        "accounts": ("inventory_adjustment", "write_off"),
        "billing": ("vendor", "default_account"),
        "netsuite": ("subsidiary",),
        "policies": ("order_match",),
    }
    told: dict[str, dict[str, Any]] = {
        section: {key: typed.text(key) for key in some} for section, some in keys.items()
    }
    told["locations"] = {one.center: typed.text(f"location-{one.center}") for one in seen.centers}
    told["skus"] = _mapped(typed)
    told["shipbob"] = {"channel_id": int(channel) if channel.isdecimal() else None}
    await _answer(on, name, by, told)


def _mapped(typed: Typed) -> dict[str, str]:
    """Return the items that were typed, or taken as proposed, for SKUs."""
    found: dict[str, str] = {}
    for number in range(MOST_LISTED):
        sku = typed.text(f"sku-{number}")
        if not sku:
            break
        found[sku] = typed.text(f"item-{number}") or typed.text(f"near-{number}")
    return found


async def _rules(console: Console, on: Connection, name: str, typed: Typed, by: str) -> None:
    del console
    told = {
        "policies": {key: typed.text(key) for key in POLICIES},
        "": {"start_date": typed.text("start_date")},
        "schedule": {"timezone": typed.text("timezone")},
    }
    await _answer(on, name, by, told)


async def _answer(
    on: Connection, name: str, by: str, told: Mapping[str, Mapping[str, Any]]
) -> None:
    """Keep what a form tells, by section; what can't be used keeps nothing else from being kept.

    Raises:
        UserError: something can't be used; the first such thing.
    """
    refused: list[UserError] = []
    for section, values in told.items():
        try:
            await drafts.answer(on, name, section, values, person=by)
            continue
        except NoSuchDraft:
            raise
        except UserError as error:
            refused.append(error)
        for key, value in values.items():
            with contextlib.suppress(UserError):
                await drafts.answer(on, name, section, {key: value}, person=by)
    if refused:
        raise refused[0]


_TELLS: Final[dict[str, Tell]] = {
    "netsuite": _netsuite,
    "shipbob": _shipbob,
    "found": _found,
    "rules": _rules,
}


async def _ask(console: Console, kind: str, name: str, who: Who) -> None:
    await errands.ask(
        console.database,
        console.installation.lanes,
        kind,
        None,
        {"draft": name},
        person=who.name,
    )


def _at(name: str, step: str) -> str:
    return f"{PATH}/{quote(name)}/{step}"


ROUTES = (begin, certificate, certificate_file, look, apply, discard, tell)

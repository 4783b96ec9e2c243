"""``/drafts``: connections that are being set up, tried, and applied."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from litestar import delete, get, patch, post, put
from msgspec import Meta

from ml_connector.app.errands import errands
from ml_connector.app.set_up import draft_consent, drafts
from ml_connector.app.views import set_up
from ml_connector.app.views.set_up import SetUpPage
from ml_connector.ledger.connections import drafts as kept
from ml_connector.ledger.connections.drafts import Draft
from ml_connector.secret import Secret
from ml_connector.web.address import WebRequest
from ml_connector.web.api.guards import needs
from ml_connector.web.consent import local_base
from ml_connector.web.console.state import Console
from ml_connector.web.who import Who

_GUARDS = [needs("connections")]
_TAGS = ["Set-up"]

Section = Literal[
    "", "netsuite", "shipbob", "locations", "accounts", "billing", "policies", "schedule", "skus"
]
SecretField = Literal["netsuite.private_key", "shipbob.token", "shipbob.client_secret"]

Value = str | int | bool | None


class Drafts(msgspec.Struct, frozen=True, kw_only=True):
    """All connections that are being set up."""

    drafts: list[Draft]


class NewDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connection that is to be set up."""

    name: Annotated[str, Meta(max_length=40, examples=["acme"])]
    account_id: Annotated[str, Meta(max_length=60, examples=["1234567_SB1"])]


class Told(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values of a section of the connection file; null takes one out.

    Attributes:
        section: empty: the top of the file.
    """

    section: Section
    values: Annotated[dict[str, Value], Meta(max_length=200)]


class NewSecret(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A secret, which nobody can read again."""

    secret: Annotated[str, Meta(min_length=1, max_length=20_000)]


class MadeCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate, in PEM, to be uploaded to NetSuite; its key stays here."""

    certificate: str


class BegunConsent(msgspec.Struct, frozen=True, kw_only=True):
    """The address at ShipBob that a browser is to open, within ten minutes."""

    url: str


class ConnectionFile(msgspec.Struct, frozen=True, kw_only=True):
    """A connection file, whose secrets are names of environment variables."""

    toml: str


class AskedErrand(msgspec.Struct, frozen=True, kw_only=True):
    """The errand that does it: see ``/errands/{id}`` until it is done or failed."""

    errand: int


@get("/drafts", guards=_GUARDS, summary="List what is being set up", tags=_TAGS)
async def list_drafts(request: WebRequest) -> Drafts:
    """Return all connections that are being set up, without their secrets."""
    async with Console.of(request).database.single() as on:
        return Drafts(drafts=await kept.every(on))


@post("/drafts", guards=_GUARDS, summary="Begin a set-up", tags=_TAGS)
async def begin(request: WebRequest, who: Who, data: NewDraft) -> Draft:
    """Begin to set a connection up."""
    async with Console.of(request).database.transaction() as on:
        await drafts.begin(on, data.name, data.account_id, person=who.name)
        return await drafts.found(on, data.name)


@get("/drafts/{name:str}", guards=_GUARDS, summary="A set-up", tags=_TAGS)
async def show(request: WebRequest, name: str) -> SetUpPage:
    """Return how far a connection is set up, and what both systems showed last."""
    console = Console.of(request)
    async with console.database.single() as on:
        return await set_up.set_up_page(console.installation, on, name)


@patch("/drafts/{name:str}", guards=_GUARDS, summary="Tell a set-up something", tags=_TAGS)
async def tell(request: WebRequest, who: Who, name: str, data: Told) -> Draft:
    """Keep values of a section, as a connection file has them."""
    async with Console.of(request).database.transaction() as on:
        await drafts.answer(on, name, data.section, data.values, person=who.name)
        return await drafts.found(on, name)


@put(
    "/drafts/{name:str}/secrets/{field:str}",
    guards=_GUARDS,
    status_code=HTTPStatus.NO_CONTENT,
    summary="Seal a secret",
    tags=_TAGS,
)
async def seal(
    request: WebRequest, who: Who, name: str, field: SecretField, data: NewSecret
) -> None:
    """Seal a secret of a set-up."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        await drafts.keep_secret(
            console.installation, on, name, field, Secret(data.secret), person=who.name
        )


@post("/drafts/{name:str}/certificate", guards=_GUARDS, summary="Make a certificate", tags=_TAGS)
async def certificate(request: WebRequest, who: Who, name: str) -> MadeCertificate:
    """Make a key and certificate for NetSuite, in place of earlier ones."""
    console = Console.of(request)
    async with console.database.transaction() as on:
        await drafts.make_certificate(
            console.installation, on, name, now=datetime.now(UTC), person=who.name
        )
        draft = await drafts.found(on, name)
    made: dict[str, Any] = draft.answers["netsuite"]
    return MadeCertificate(certificate=made["certificate"])


@post(
    "/drafts/{name:str}/consent",
    guards=_GUARDS,
    status_code=HTTPStatus.OK,
    summary="Begin consent at ShipBob",
    tags=_TAGS,
)
async def consent(request: WebRequest, who: Who, name: str) -> BegunConsent:
    """Return where a browser gives consent, signed in to ShipBob as the account's owner.

    The application's ``client_id`` is told before, and its ``client_secret`` sealed.
    """
    there = await draft_consent.begin(
        Console.of(request).installation,
        name,
        base=local_base(request),
        back="",
        person=who.name,
    )
    return BegunConsent(url=there)


@post(
    "/drafts/{name:str}/look",
    guards=_GUARDS,
    status_code=HTTPStatus.ACCEPTED,
    summary="Look at both systems",
    tags=_TAGS,
)
async def look(request: WebRequest, who: Who, name: str) -> AskedErrand:
    """Let a worker sign in to both systems and list what can be chosen."""
    return await _ask(request, who, set_up.LOOK, name)


@post(
    "/drafts/{name:str}/apply",
    guards=_GUARDS,
    status_code=HTTPStatus.ACCEPTED,
    summary="Apply a set-up",
    tags=_TAGS,
)
async def apply(request: WebRequest, who: Who, name: str) -> AskedErrand:
    """Let a worker make a connection of it, in dry run."""
    return await _ask(request, who, set_up.APPLY, name)


@post(
    "/drafts/{name:str}/try",
    guards=_GUARDS,
    status_code=HTTPStatus.ACCEPTED,
    summary="Try the policies",
    tags=_TAGS,
)
async def try_rules(request: WebRequest, who: Who, name: str) -> AskedErrand:
    """Let a worker see what each policy would have done to recent facts.

    At most 200 facts are read with at most 60 calls; the answer has counts only.
    """
    return await _ask(request, who, set_up.TRY, name)


@get("/drafts/{name:str}/file", guards=_GUARDS, summary="As a connection file", tags=_TAGS)
async def file(request: WebRequest, name: str) -> ConnectionFile:
    """Return the file that ``connection apply`` reads, without secrets."""
    console = Console.of(request)
    async with console.database.single() as on:
        return ConnectionFile(toml=await drafts.draft_as_file(console.installation, on, name))


@delete("/drafts/{name:str}", guards=_GUARDS, summary="Discard a set-up", tags=_TAGS)
async def discard(request: WebRequest, who: Who, name: str) -> None:
    """Forget a set-up, with its secrets."""
    async with Console.of(request).database.transaction() as on:
        await drafts.discard(on, name, person=who.name)


async def _ask(request: WebRequest, who: Who, kind: str, name: str) -> AskedErrand:
    console = Console.of(request)
    async with console.database.single() as on:
        await drafts.found(on, name)
    asked = await errands.ask(
        console.database,
        console.installation.lanes,
        kind,
        None,
        {"draft": name},
        person=who.name,
    )
    return AskedErrand(errand=asked)


ROUTES = (
    list_drafts,
    begin,
    show,
    tell,
    seal,
    certificate,
    consent,
    look,
    try_rules,
    apply,
    file,
    discard,
)

"""Drafts of connections: begun, filled in step by step, and made settings of.

A draft holds what a connection file would say, without secrets; those are sealed. Nothing of it
is in use before it is applied.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
import pydantic

from ml_connector.app.connections.as_file import as_file
from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up.draft_tokens import PAIR, refresh_token
from ml_connector.config.connection import ConnectionSettings
from ml_connector.config.fault_words import fault_in_words
from ml_connector.errors import UserError
from ml_connector.ledger.connections import acts, connections, drafts
from ml_connector.ledger.connections.drafts import Draft
from ml_connector.netsuite.sign_in.certificates import make_pair
from ml_connector.secret import Secret
from ml_connector.storage.database import Connection

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

PRIVATE_KEY: Final = "netsuite.private_key"
TOKEN: Final = "shipbob.token"  # noqa: S105 - the name of a field
CLIENT_SECRET: Final = "shipbob.client_secret"  # noqa: S105 - the name of a field

SEALED: Final = frozenset({PRIVATE_KEY, TOKEN, CLIENT_SECRET})
"""The secrets that a person gives to a draft."""

_UNKNOWN: Final = "to be told"
"""Stands for what a step that comes later will tell, where settings need something."""


class NoSuchDraft(UserError):
    """No connection of that name is being set up."""


async def begin(on: Connection, name: str, account_id: str, *, person: str) -> None:
    """Begin a draft.

    Raises:
        UserError: the name can't be used, or there is a connection or a draft of it.
    """
    if not NAME.fullmatch(name):
        raise UserError(
            f'"{name}" is no name of a connection',
            where="name",
            next_step="Use small letters, digits, - and _, at most 40, such as acme.",
        )
    if await connections.last(on, name) is not None:
        raise UserError(
            f'There is or was a connection "{name}"',
            where="name",
            next_step="Choose another name: what was booked under this one stays apart.",
        )
    if await drafts.find(on, name) is not None:
        raise UserError(
            f'"{name}" is being set up already', where="name", next_step="Go on with it below."
        )
    await drafts.save(on, name, {"netsuite": {"account_id": account_id}}, person=person)
    await _record(on, person, "begin", name, ["netsuite.account_id"])


async def found(on: Connection, name: str) -> Draft:
    """Return a draft.

    Raises:
        NoSuchDraft: there is none of this name.
    """
    draft = await drafts.find(on, name)
    if draft is None:
        raise NoSuchDraft(
            f'No connection "{name}" is being set up',
            where=name,
            next_step="It was applied or discarded: see the connections.",
        )
    return draft


async def answer(
    on: Connection, name: str, section: str, values: Mapping[str, Any], *, person: str
) -> None:
    """Keep what a step told: values of a section; None takes one out.

    Args:
        on: the transaction.
        name: of the draft.
        section: such as ``netsuite``; empty: the top of the file.
        values: by key.
        person: who told it.

    Raises:
        UserError: there is no such draft, or the values can't be used.
    """
    draft = await found(on, name)
    answers = dict(draft.answers)
    place = dict(answers.get(section, {})) if section else answers
    place.update(values)
    place = {key: value for key, value in place.items() if value not in (None, "", {})}
    if section:
        answers[section] = place
    else:
        answers = place
    settings(with_answers(draft, answers), {})
    await drafts.save(on, name, answers, person=person)
    changed = [f"{section}.{key}" if section else key for key in values]
    await _record(on, person, "answer", name, changed)


async def keep_secret(
    installation: Installation,
    on: Connection,
    name: str,
    field: str,
    secret: Secret,
    *,
    person: str,
) -> None:
    """Seal a secret of a draft."""
    await found(on, name)
    await installation.drafts.put(name, field, secret, on=on)
    await _record(on, person, "answer", name, [field])


async def make_certificate(
    installation: Installation, on: Connection, name: str, *, now: datetime, person: str
) -> None:
    """Make a key and certificate for NetSuite; the key is sealed at once.

    One that is there is replaced: NetSuite then needs the new certificate.
    """
    pair = make_pair(name, now=now)
    await keep_secret(installation, on, name, PRIVATE_KEY, pair.private_key, person=person)
    await answer(on, name, "netsuite", {"certificate": pair.certificate.pem}, person=person)


async def draft_as_file(installation: Installation, on: Connection, name: str) -> str:
    """Return the connection file that a draft is by now.

    Raises:
        UserError: there is none of this name.
    """
    draft = await found(on, name)
    fields = await installation.drafts.fields(name, on=on)
    return as_file({**draft.answers, "name": name}, mode=None, secrets=fields)


async def discard(on: Connection, name: str, *, person: str) -> None:
    """Forget a draft and its secrets.

    Raises:
        UserError: there is none of this name.
    """
    await found(on, name)
    await drafts.discard(on, name)
    await _record(on, person, "discard", name, [])


def settings(draft: Draft, secrets: Mapping[str, Secret]) -> ConnectionSettings:
    """Return what a draft would be as settings; what is not told yet has a stand-in. Pure.

    Raises:
        UserError: a value can't be used; it names section and key.
    """
    table: dict[str, Any] = dict(draft.answers)
    netsuite = {"client_id": _UNKNOWN, "certificate_id": _UNKNOWN, **table.get("netsuite", {})}
    shipbob = dict(table.get("shipbob", {}))
    sections = {"netsuite": netsuite, "shipbob": shipbob}
    for field, secret in secrets.items():
        section, _, key = field.partition(".")
        if field == PAIR:
            shipbob["refresh_token"] = refresh_token(secret).reveal()
        elif field in SEALED:
            sections[section][key] = secret.reveal()
    try:
        return ConnectionSettings.model_validate({**table, **sections, "name": draft.name})
    except pydantic.ValidationError as error:
        raise _refused(error) from error


def missing(draft: Draft, fields: set[str]) -> list[str]:
    """Return what a draft still lacks before it can be applied, as sentences. Pure.

    Args:
        draft: as it is kept.
        fields: of the secrets that are sealed for it.
    """
    netsuite = draft.answers.get("netsuite", {})
    return [
        sentence
        for lacks, sentence in (
            (not netsuite.get("client_id"), "NetSuite's client id"),
            (PRIVATE_KEY not in fields, "a certificate for NetSuite"),
            (not netsuite.get("certificate_id"), "the id of the certificate at NetSuite"),
            (not {TOKEN, PAIR} & fields, "ShipBob's token or consent"),
            (not draft.answers.get("locations"), "a NetSuite location for a fulfillment center"),
        )
        if lacks
    ]


def with_answers(draft: Draft, answers: dict[str, Any]) -> Draft:
    """Return a draft with other answers. Pure."""
    return msgspec.structs.replace(draft, answers=answers)


def _refused(error: pydantic.ValidationError) -> UserError:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return UserError(
        f"{where} can't be used: {fault_in_words(first)}",
        where=where,
        next_step="Correct it and save again.",
    )


async def _record(on: Connection, person: str, what: str, name: str, keys: list[str]) -> None:
    await acts.record(on, person, f"draft.{what}", details={"draft": name, "keys": sorted(keys)})

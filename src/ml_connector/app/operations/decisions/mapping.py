"""The decision ``map``: one setting of a connection, saved as applying its file would save it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import msgspec
import pydantic

from ml_connector.app.connections.apply import Applied, apply_connection
from ml_connector.app.installation.installation import Installation
from ml_connector.config.connection import ConnectionSettings
from ml_connector.config.fault_words import fault_in_words
from ml_connector.errors import UserError
from ml_connector.ledger.connections import connections
from ml_connector.ledger.connections.connections import AppliedConnection
from ml_connector.ledger.decisions.decisions import (
    DecidedAbout,
    KeptDecision,
    MappedSetting,
    NewDecision,
)
from ml_connector.storage.database import Connection
from ml_connector.words import Cause


class _Form(NamedTuple):
    """What a mapping may be about.

    Attributes:
        table: of the connection's file.
        keys: that it may have; empty: any.
        digits: whether any key must be a number.
        example: of a mapping.
        what: the example is, for a person.
    """

    table: str
    example: str
    what: str
    keys: tuple[str, ...] = ()
    digits: bool = False


_SKU: Final = _Form(
    "skus", "TEE-BLK-M=TEE : TEE-BLK-M", "SKU at ShipBob = item's name in NetSuite"
)
_CENTER: Final = _Form(
    "locations", "228=6", "fulfillment center at ShipBob = location id in NetSuite", digits=True
)
_QUARANTINE: Final = _Form(
    "policies",
    "quarantine_location=9",
    "a location id in NetSuite",
    keys=("quarantine_location",),
)
_ACCOUNT: Final = _Form(
    "accounts",
    "inventory_adjustment=54",
    "an account id in NetSuite; so with write_off",
    keys=("inventory_adjustment", "write_off"),
)
_BILLED: Final = _Form(
    "billing",
    "default_account=62",
    "an account id in NetSuite, for all fees without one",
    keys=("default_account", "tax_account"),
)
_FEE: Final = _Form(
    "billing.accounts", "Per Pick Fee=63", "fee at ShipBob = account id in NetSuite"
)
_CHANNEL: Final = _Form(
    "policies.order_match_by_channel",
    "100102=shopify",
    "channel at ShipBob = what order_match takes: a field, a preset, or rules in [ ]",
    digits=True,
)

_SKUS: Final = frozenset(
    {
        Cause.SKU_MISSING_IN_NETSUITE,
        Cause.SKU_MISSING_IN_SHIPBOB,
        Cause.SKU_AMBIGUOUS,
        Cause.SKU_INACTIVE,
        Cause.ITEM_WITHOUT_STOCK,
    }
)
_MOVE_STOCK: Final = frozenset({"purchase-orders", "receiving", "tracking", "returns"})
_ORDERS: Final = frozenset({Cause.SALES_ORDER_NOT_FOUND, Cause.SALES_ORDER_AMBIGUOUS})


def maps(flow: str, cause: Cause) -> bool:
    """Return whether a mapping may let the subjects of a flow go on that stopped for a cause."""
    return bool(_forms(flow, cause))


def example(flow: str, cause: Cause) -> tuple[str, str]:
    """Return how such a mapping is written, and in which table of the connection's file it is.

    Both are empty where nothing can be mapped.
    """
    forms = _forms(flow, cause)
    return (forms[0].example, forms[0].table) if forms else ("", "")


def _forms(flow: str, cause: Cause) -> tuple[_Form, ...]:
    """Return what a mapping may be about, the most special first."""
    if flow == "billing":
        return (_BILLED, _FEE) if cause is Cause.ACCOUNT_UNMAPPED else ()
    if flow not in _MOVE_STOCK:
        return ()
    if cause in _SKUS:
        return (_SKU,)
    if cause is Cause.LOCATION_UNMAPPED:
        return (_QUARANTINE, _CENTER) if flow == "returns" else (_CENTER,)
    if flow == "tracking" and cause in _ORDERS:
        return (_CHANNEL,)
    return (_ACCOUNT,) if cause is Cause.ACCOUNT_UNMAPPED else ()


async def mapped(
    installation: Installation, new: NewDecision
) -> tuple[NewDecision, ConnectionSettings]:
    """Return the decision with the setting that it makes, and the settings as they would be.

    Raises:
        UserError: it is none that lets such a subject go on, or it is so already.
    """
    forms = _forms(new.subject.flow, new.cause) if new.cause else ()
    key, found, value = (part.strip() for part in new.value.partition("="))
    form = next((one for one in forms if _fits(one, key)), None)
    if form is None or not (found and value):
        raise _refused(f'"{new.value}" is no mapping that lets it go on', forms)
    async with installation.database.transaction() as on:
        applied = await _applied(on, new.subject.connection)
        secrets = await installation.vault.all(applied.name, on=on)
    setting = MappedSetting(
        table=form.table,
        key=key,
        value=_parsed(value, form, forms),
        before=_table(applied.stored, form.table).get(key),
    )
    if setting.value == setting.before:
        raise _refused(f"{said(setting)} is set already", forms)
    stored = _with(applied, setting)
    _checked(stored, applied, setting, forms)
    new = msgspec.structs.replace(
        new,
        value=f"{key}={value}",
        about=DecidedAbout(setting=setting),
    )
    return new, replace(applied, stored=stored).settings(secrets)


async def save(installation: Installation, new: NewDecision, *, person: str) -> Applied:
    """Save the setting of a decision, as ``connection apply`` would.

    Raises:
        UserError: somebody else has set it meanwhile, or a check that the connection needs
            failed: nothing is saved then.
    """
    setting = new.about.setting
    assert setting is not None  # noqa: S101 - a mapping has one
    applied = await _now(installation, new.subject.connection)
    if _table(applied.stored, setting.table).get(setting.key) != setting.before:
        raise UserError(
            f"{setting.key} under [{setting.table}] was set otherwise meanwhile",
            where="events decide",
            next_step="Look at it with: connection show. Then decide again.",
        )
    return await _apply(installation, applied, setting, person=person)


async def take_back(installation: Installation, kept: KeptDecision, *, person: str) -> str:
    """Put the setting back as it was before a decision; return what came of it, in a sentence."""
    setting = kept.about.setting
    assert setting is not None  # noqa: S101 - a mapping has one
    applied = await _now(installation, kept.connection)
    if _table(applied.stored, setting.table).get(setting.key) != setting.value:
        return f"{setting.key} under [{setting.table}] was set otherwise since, and stays so"
    back = msgspec.structs.replace(setting, value=setting.before)
    await _apply(installation, applied, back, person=person)
    return f"Set again: {said(back)}" if setting.before else f"Taken out again: {said(setting)}"


def said(setting: MappedSetting) -> str:
    """Return a setting as it stands in a connection's file."""
    value = json.dumps(setting.value, ensure_ascii=False)
    return f"{json.dumps(setting.key, ensure_ascii=False)} = {value} under [{setting.table}]"


async def _apply(
    installation: Installation, applied: AppliedConnection, setting: MappedSetting, *, person: str
) -> Applied:
    stored = {**_with(applied, setting), "mode": applied.mode}
    settings = ConnectionSettings.model_validate(stored)
    saved = await apply_connection(installation, settings, person=person, ping_first=True)
    if not saved.saved:
        failed = [one for one in saved.checks if one.needed and one.outcome != "ok"]
        raise UserError(
            "Nothing was saved: "
            + "; ".join(f"{one.system}, {one.name}: {one.found}" for one in failed),
            where="--value",
            next_step=" ".join(dict.fromkeys(one.remedy for one in failed if one.remedy))
            or "See what is wrong with: ml-connector ping.",
        )
    return saved


async def _now(installation: Installation, name: str) -> AppliedConnection:
    async with installation.database.transaction() as on:
        return await _applied(on, name)


async def _applied(on: Connection, name: str) -> AppliedConnection:
    applied = await connections.find(on, name)
    if applied is None:
        raise UserError(
            f'There is no connection "{name}"',
            where="events decide",
            next_step="See ml-connector connection list.",
        )
    return applied


def _fits(form: _Form, key: str) -> bool:
    if form.keys:
        return key in form.keys
    return key.isascii() and key.isdigit() if form.digits else bool(key)


def _parsed(value: str, form: _Form, forms: tuple[_Form, ...]) -> str | list[str]:
    if form is not _CHANNEL or not value.startswith("["):
        return value
    try:
        return msgspec.json.decode(value, type=list[str])
    except msgspec.DecodeError:
        raise _refused(f"{value} can't be read as a list of rules", forms) from None


def _table(stored: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table: Any = stored
    for part in name.split("."):
        table = table.get(part) or {}
    return dict(table)


def _with(applied: AppliedConnection, setting: MappedSetting) -> dict[str, Any]:
    """Return the stored settings of a connection with one that is set, or is not set any more."""
    return _put(applied.stored, [*setting.table.split("."), setting.key], setting.value)


def _put(
    table: Mapping[str, Any], path: list[str], value: str | list[str] | None
) -> dict[str, Any]:
    key, *rest = path
    if rest:
        return {**table, key: _put(table.get(key) or {}, rest, value)}
    others = {name: one for name, one in table.items() if name != key}
    return others if value is None else {**others, key: value}


def _checked(
    stored: Mapping[str, Any],
    applied: AppliedConnection,
    setting: MappedSetting,
    forms: tuple[_Form, ...],
) -> None:
    try:
        ConnectionSettings.model_validate({**stored, "mode": applied.mode})
    except pydantic.ValidationError as error:
        what = "; ".join(fault_in_words(one) for one in error.errors(include_url=False))
        raise _refused(f"{said(setting)} can't be used: {what}", forms) from None


def _refused(what: str, forms: tuple[_Form, ...]) -> UserError:
    accepted = "; or ".join(f'--value "{one.example}" ({one.what})' for one in forms)
    return UserError(what, where="--value", next_step=f"Write {accepted}.")

"""What a document of a return holds that NetSuite shows and the books lack. Pure."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.found import FoundRecord, UnbookedUnits, told_apart
from ml_connector.flows.returns.documents import ReturnBooking, ReturnedUnits
from ml_connector.flows.returns.facts import ReturnFacts, units_of
from ml_connector.flows.returns.requirements import bookable, places
from ml_connector.ledger.postings.documents import Document, JournalLine, Posted
from ml_connector.rules.booked import booked_units, standing
from ml_connector.rules.found_documents import fact_date_of, found_request
from ml_connector.rules.items import MatchFacts, match, sku_of
from ml_connector.words import DocumentKind, ExternalIdPrefix

_KINDS: Final = {
    "RtnAuth": DocumentKind.RETURN_AUTHORIZATION,
    "ItemRcpt": DocumentKind.ITEM_RECEIPT,
    "InvAdjst": DocumentKind.INVENTORY_ADJUSTMENT,
}
_FROM: Final = {
    DocumentKind.RETURN_AUTHORIZATION: "salesOrder",
    DocumentKind.ITEM_RECEIPT: "returnAuthorization",
}


def found_document(
    facts: ReturnFacts,
    found: FoundRecord,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Document:
    """Return the document that an authorization, a receipt or an adjustment in NetSuite is.

    Raises:
        NeedsData: a SKU of the return is no item in NetSuite, or a location is not mapped.
        NeedsHuman: it can't be told which units of the return it holds.
    """
    kind = _KINDS.get(found.type)
    if kind is None:
        raise found.untold(f"a return makes no {found.type}")
    if found.external_id.startswith(ExternalIdPrefix.RETURN_CORRECTION):
        raise found.untold("it corrects what was booked of the return, as a person decided")
    if kind == DocumentKind.RETURN_AUTHORIZATION:
        lines: tuple[JournalLine, ...] = ()  # it moves nothing
    elif found.external_id.startswith(ExternalIdPrefix.RETURN_WRITE_OFF):
        lines = _gone(facts, found, posted, settings)
    else:
        lines = _come(facts, found, posted, settings)
    return Document(
        system="netsuite",
        kind=kind,
        external_id=found.external_id,
        title=f"{found.type} for return {facts.return_id}, found in NetSuite",
        request=found_request(kind, found, from_type=_FROM.get(kind, "")),
        lines=lines,
    )


def _come(
    facts: ReturnFacts, found: FoundRecord, posted: Sequence[Posted], settings: ConnectionSettings
) -> tuple[JournalLine, ...]:
    """Return the journal lines of units that came in."""
    booked = booked_units(standing(posted))
    parts = _parts(facts, settings)
    told = told_apart(
        found,
        _units(found, 1),
        [_open(one, one.unit.quantity - booked[one.unit.source_line]) for one in parts],
    )
    return tuple(
        _booking(facts, found).line(parts[place], parts[place].unit.source_line, quantity)
        for place, quantity in told.items()
    )


def _gone(
    facts: ReturnFacts, found: FoundRecord, posted: Sequence[Posted], settings: ConnectionSettings
) -> tuple[JournalLine, ...]:
    """Return the journal lines of disposed units that went out of stock."""
    booked = booked_units(standing(posted))
    parts = [one for one in _parts(facts, settings) if one.unit.action == "dispose"]
    told = told_apart(
        found,
        _units(found, -1),
        [_open(one, one.unit.quantity + booked[one.unit.write_off_line]) for one in parts],
    )
    return tuple(
        _booking(facts, found).line(parts[place], parts[place].unit.write_off_line, -quantity)
        for place, quantity in told.items()
    )


def _parts(facts: ReturnFacts, settings: ConnectionSettings) -> list[ReturnedUnits]:
    """Return what was done with the units of the return, each where it belongs."""
    units = units_of(facts)
    locations = places(facts, settings, {unit.action for unit in units})
    matched = match(
        {unit.inventory_id: sku_of(unit.inventory_id, unit.sku) for unit in units},
        MatchFacts(facts.items, facts.bindings, facts.bound, facts.near_items),
        settings.skus,
    )
    return [
        ReturnedUnits(
            unit=unit,
            item=bookable(facts, unit, matched.items[unit.inventory_id]),
            location=locations[unit.action],
            quantity=unit.quantity,
        )
        for unit in units
    ]


def _open(part: ReturnedUnits, quantity: int) -> UnbookedUnits:
    return UnbookedUnits((part.item.id, part.location), max(0, quantity))


def _units(found: FoundRecord, sign: int) -> Counter[Hashable]:
    """Return the units of a record by item and location, positive for the way they should go."""
    units: Counter[Hashable] = Counter()
    for line in found.lines:
        units[line.item, line.location] += sign * found.eaches(line)
    if any(quantity <= 0 for quantity in units.values()):
        raise found.untold("some of its units go the other way")
    return units


def _booking(facts: ReturnFacts, found: FoundRecord) -> ReturnBooking:
    return ReturnBooking(
        return_id=facts.return_id,
        reference=facts.reference,
        fact_date=fact_date_of(found, "completed"),
        date=found.date,
    )

"""What a document of a WRO holds that NetSuite shows and the books lack. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.found import FoundRecord, UnbookedUnits, told_apart
from ml_connector.flows.receiving.documents import Booking, Increase
from ml_connector.flows.receiving.facts import ReceivingFacts
from ml_connector.flows.receiving.stowed import merged, name_of
from ml_connector.ledger.postings.documents import Document, Posted
from ml_connector.rules.booked import booked_units, standing
from ml_connector.rules.found_documents import fact_date_of, found_request
from ml_connector.rules.items import match, sku_of
from ml_connector.words import DocumentKind

_KINDS: Final = {
    "ItemRcpt": DocumentKind.ITEM_RECEIPT,
    "InvAdjst": DocumentKind.INVENTORY_ADJUSTMENT,
}


def found_document(
    facts: ReceivingFacts,
    found: FoundRecord,
    posted: Sequence[Posted],
    settings: ConnectionSettings,
) -> Document:
    """Return the document that a receipt or an adjustment in NetSuite is.

    Raises:
        NeedsData: a SKU of the WRO is no item in NetSuite.
        NeedsHuman: it can't be told which lines of the WRO it holds.
    """
    kind = _KINDS.get(found.type)
    if found.type == "InvTrnfr":
        raise found.untold("a transfer does not name the lines of the WRO that it moved")
    if kind is None:
        raise found.untold(f"a WRO makes no {found.type}")
    location = found.location
    if location is None:
        raise found.untold("it has no line at a location")
    units: Counter[str] = Counter()
    for line in found.lines:
        units[line.item or ""] += found.eaches(line)
    candidates = _candidates(facts, posted, settings)
    told = told_apart(
        found, units, [UnbookedUnits(one.item.id, one.quantity) for one in candidates]
    )
    booking = Booking(
        wro_id=facts.wro_id,
        number=found.number,
        location=location,
        fact_date=fact_date_of(found, "stowed"),
        date=found.date,
    )
    return Document(
        system="netsuite",
        kind=kind,
        external_id=found.external_id,
        title=f"{'Item receipt' if kind == DocumentKind.ITEM_RECEIPT else 'Inventory adjustment'}"
        f" for WRO {facts.wro_id}, found in NetSuite",
        request=found_request(kind, found, from_type="purchaseOrder"),
        lines=tuple(booking.line(candidates[place], quantity) for place, quantity in told.items()),
    )


def _candidates(
    facts: ReceivingFacts, posted: Sequence[Posted], settings: ConnectionSettings
) -> list[Increase]:
    """Return what is stowed of the WRO, with the units of each line that are not booked."""
    stowed = merged(line for line in facts.lines if line.stowed)
    matched = match(
        {line.inventory_id: sku_of(line.inventory_id, line.sku).strip() for line in stowed},
        facts.matches,
        settings.skus,
    )
    booked = booked_units(standing(posted))
    found: list[Increase] = []
    for line in stowed:
        item = matched.items[line.inventory_id]
        found.append(
            Increase(
                inventory_id=line.inventory_id,
                sku=sku_of(line.inventory_id, line.sku).strip(),
                item=item,
                lot=line.lot if item.lot_tracked else None,
                lot_date=line.lot_date if item.lot_tracked else None,
                quantity=max(0, line.stowed - booked[name_of(line)]),
            )
        )
    return found

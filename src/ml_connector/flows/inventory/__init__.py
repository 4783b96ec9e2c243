"""Inventory: the stock of both systems is compared, and what differs is explained.

Once a day, and whenever somebody asks, for each NetSuite location that a fulfillment center
is mapped to: what ShipBob has on hand there (shipbob.md section 9.3) and what NetSuite has
(netsuite.md section 5.4), SKU by SKU. A difference is explained by what is open in our own
ledger: received and not posted yet, parked, refused, shipped and not fulfilled yet, on its way.
What remains is a drift. The movements of both systems tell what probably made it, and a person
is told what to do. No stock is ever adjusted automatically: only where a person decided so, by
an inventory adjustment to ShipBob's count.

The snapshot is kept with the run that saw it, as all facts are.
"""

from typing import Final

from ml_connector.engine.flow import Flow, Section
from ml_connector.flows.inventory.corrections import source_lines
from ml_connector.flows.inventory.decided import DECIDABLE
from ml_connector.flows.inventory.facts import StockFacts
from ml_connector.flows.inventory.net import sweep, unmapped
from ml_connector.flows.inventory.plan import details, plan
from ml_connector.flows.inventory.read import confirm, read
from ml_connector.rules.decisions.as_it_is import as_it_is
from ml_connector.words import DocumentKind, ExternalIdPrefix

FLOW: Final = Flow(
    name="inventory",
    source="location",
    topics=frozenset(),
    rules="inventory-1",
    facts=StockFacts,
    read=read,
    confirm=confirm,
    plan=as_it_is(plan, source_lines, ()),
    source_lines=source_lines,
    schedule="inventory",
    missing=unmapped,
    sweep=sweep,
    event_source="schedule",
    details=details,
    looks_again=False,
    decidable=DECIDABLE,
    documents=frozenset({ExternalIdPrefix.STOCK_CORRECTION}),
    sections=(
        Section(
            key="corrections",
            title="Corrections of stock",
            kinds=frozenset({DocumentKind.INVENTORY_ADJUSTMENT}),
        ),
    ),
)

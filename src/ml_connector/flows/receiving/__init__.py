"""Receiving: what ShipBob has stowed of a WRO becomes stock in NetSuite.

The truth is the cumulative *stowed* quantity per WRO, inventory id and lot (shipbob.md
section 9.4); only its increase over what is posted already is booked. A WRO with the
number of a purchase order is received from that order: on the lines of the WRO's own
location, and the receipt names every open line (netsuite.md section 7.3). What happens to
units that the order does not expect there any more, the policy ``over_receipt`` says. A WRO
without a number becomes an inventory adjustment or waits for a person, as the policy
``unmatched_wro`` says. When all of a completed WRO is booked, ShipBob is told so
(``setExternalSync``). A quantity that went down is shown to a person.
"""

from dataclasses import replace
from typing import Final

from ml_connector.engine.flow import Flow, Section
from ml_connector.flows.receiving.decided import DECIDABLE, always_refused
from ml_connector.flows.receiving.decisions.corrections import corrections
from ml_connector.flows.receiving.facts import ReceivingFacts
from ml_connector.flows.receiving.found import found_document
from ml_connector.flows.receiving.net import look, sweep, sweep_part, whole_net
from ml_connector.flows.receiving.plan import plan
from ml_connector.flows.receiving.read import confirm, read
from ml_connector.flows.receiving.stowed import source_lines
from ml_connector.flows.receiving.wake import CHANGED_PURCHASE_ORDER, PURCHASE_ORDER
from ml_connector.rules.decisions.as_it_is import as_it_is
from ml_connector.rules.line_numbers.wake import LINE_NUMBERS
from ml_connector.rules.missing import missing
from ml_connector.rules.wakings import wake
from ml_connector.transport.spoiled import by_id
from ml_connector.words import Cause, DocumentKind, ExternalIdPrefix

FLOW: Final = Flow(
    name="receiving",
    source="wro",
    topics=frozenset(
        {
            "wro.created",
            "wro.updated",
            "wro.completed",
            "wro.box.arrived",
            "wro.box.scanned",
            "wro.box.stowed",
        }
    ),
    # Nothing is stowed of a WRO that was just announced, which we do ourselves in crowds.
    unhurried=frozenset({"wro.created"}),
    rules="receiving-4",
    facts=ReceivingFacts,
    read=read,
    confirm=confirm,
    plan=as_it_is(plan, source_lines, (Cause.STATUS_UNKNOWN,)),
    source_lines=source_lines,
    always_refused=always_refused,
    schedule="sweep",
    missing=lambda key, reads: missing(reads.wro(int(key)), ""),
    sweep=sweep,
    spoils=by_id("Wro"),
    sweep_part=sweep_part,
    net=whole_net,
    look=look,
    wakings=(
        wake.SKU,
        wake.ITEM,
        wake.LOCATION,
        wake.ACCOUNT,
        wake.PERIOD,
        PURCHASE_ORDER,
        CHANGED_PURCHASE_ORDER,
        wake.ORDER_NUMBER,
        LINE_NUMBERS,
    ),
    found_document=found_document,
    decidable=replace(DECIDABLE, corrections=corrections),
    documents=frozenset(
        {
            ExternalIdPrefix.RECEIPT,
            ExternalIdPrefix.ADJUSTMENT,
            ExternalIdPrefix.TRANSFER,
            ExternalIdPrefix.WRO_MARK,
        }
    ),
    sections=(
        Section(
            key="receipts",
            title="Receipts",
            facts="Receiving",
            kinds=frozenset({DocumentKind.ITEM_RECEIPT}),
            types=frozenset({"ItemRcpt"}),
            from_returns=False,
        ),
        Section(
            key="adjustments",
            title="Adjustments",
            kinds=frozenset({DocumentKind.INVENTORY_ADJUSTMENT}),
            types=frozenset({"InvAdjst"}),
            open_facts=False,
        ),
    ),
)

"""Returns: NetSuite books what ShipBob did with the units that came back.

Only a completed return is booked, and of it only what was *done* (``action_taken``,
shipbob.md section 9.6), which may be fewer or more units than announced. The units are
received from the return authorization that has the return's reference as its number or
external id; else from one that is made from the sales order of the original shipment, with
exactly the units that came back. Units that neither covers become an inventory adjustment, or
wait for a person, by the policy ``unmatched_return``. Restocked units go to the fulfillment
center's location, quarantined ones to the ``quarantine_location``; disposed ones are received
and then written off (netsuite.md section 8.6: an item receipt without restocking is not in
the REST schema). Units that a person received already are not received again.
"""

from typing import Final

from ml_connector.engine.flow import Flow, Section
from ml_connector.flows.returns.decisions.decidable import DECIDABLE
from ml_connector.flows.returns.decisions.decided import always_refused
from ml_connector.flows.returns.facts import ReturnFacts
from ml_connector.flows.returns.found import found_document
from ml_connector.flows.returns.net import look, sweep, sweep_part, whole_net
from ml_connector.flows.returns.plan import plan
from ml_connector.flows.returns.read import read
from ml_connector.flows.returns.source_lines import source_lines
from ml_connector.flows.returns.wake import FULFILLED_UNITS, RETURN_AUTHORIZATION
from ml_connector.rules.decisions.as_it_is import as_it_is
from ml_connector.rules.line_numbers.wake import LINE_NUMBERS
from ml_connector.rules.missing import missing
from ml_connector.rules.wakings import wake
from ml_connector.rules.wakings.sales_orders import SALES_ORDER
from ml_connector.transport.spoiled import by_id
from ml_connector.words import Cause, ExternalIdPrefix

FLOW: Final = Flow(
    name="returns",
    source="return",
    topics=frozenset({"return.created", "return.updated", "return.completed"}),
    rules="returns-3",
    facts=ReturnFacts,
    read=read,
    plan=as_it_is(
        plan,
        source_lines,
        (Cause.STATUS_UNKNOWN, Cause.RETURN_REOPENED, Cause.QUANTITY_WENT_DOWN),
    ),
    source_lines=source_lines,
    always_refused=always_refused,
    schedule="sweep",
    missing=lambda key, reads: missing(reads.returns.get(int(key)), ""),
    sweep=sweep,
    sweep_part=sweep_part,
    net=whole_net,
    look=look,
    spoils=by_id("Return"),
    wakings=(
        wake.SKU,
        wake.ITEM,
        wake.LOCATION,
        wake.ACCOUNT,
        wake.PERIOD,
        SALES_ORDER,
        RETURN_AUTHORIZATION,
        FULFILLED_UNITS,
        LINE_NUMBERS,
    ),
    found_document=found_document,
    decidable=DECIDABLE,
    documents=frozenset(
        {
            ExternalIdPrefix.RETURN_AUTHORIZATION,
            ExternalIdPrefix.RETURN_RECEIPT,
            ExternalIdPrefix.RETURN_ADJUSTMENT,
            ExternalIdPrefix.RETURN_WRITE_OFF,
            ExternalIdPrefix.RETURN_CORRECTION,
        }
    ),
    sections=(
        Section(
            key="returns",
            title="Returns",
            facts="Returns",
            types=frozenset({"ItemRcpt"}),
            from_returns=True,
        ),
    ),
)

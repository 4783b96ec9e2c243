"""Month end: what people decided about differences is booked.

A difference that is taken as it is becomes a row of the journal, of a kind of its own: from then
on the journal says what NetSuite has. Nothing is called for it. One that is corrected becomes an
inventory adjustment besides, in the first open period. When a decision is taken back, its rows
are taken back by rows of their own; an adjustment stays until it is undone.

The subject is a difference, by its id. No webhook and no sweep tells of one: a person decides.
Only a document in NetSuite whose rows can't be read is told of by the report itself: it stops
with the path of the fault until they can be.
"""

from typing import Final

from ml_connector.engine.flow import Flow, Section
from ml_connector.flows.month_end.decided import DECIDABLE
from ml_connector.flows.month_end.facts import FLOW_NAME, DifferenceFacts
from ml_connector.flows.month_end.plan import plan, source_lines
from ml_connector.flows.month_end.read import confirm, missing, read, sweep
from ml_connector.words import DocumentKind, ExternalIdPrefix

FLOW: Final = Flow(
    name=FLOW_NAME,
    source="difference",
    topics=frozenset(),
    rules="month-end-1",
    facts=DifferenceFacts,
    read=read,
    confirm=confirm,
    missing=missing,
    plan=plan,
    source_lines=source_lines,
    sweep=sweep,
    event_source="person",
    documents=frozenset({ExternalIdPrefix.MONTH_CORRECTION, ExternalIdPrefix.ACCEPTED_DIFFERENCE}),
    sections=(
        Section(
            key="month-end",
            title="Corrections at month end",
            kinds=frozenset({DocumentKind.INVENTORY_ADJUSTMENT}),
        ),
    ),
    has_numbers=False,
    decidable=DECIDABLE,
)

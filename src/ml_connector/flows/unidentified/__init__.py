"""Unidentified stock: goods on ShipBob's dock that no WRO announced are shown to a person.

ShipBob calls them unidentified receiving orders (shipbob.md section 9.4). Nobody knows what
is in them before somebody links them to a WRO, so nothing is booked and nothing is guessed.
Once they are linked, the WRO is received like any other. A person may decide that they are not
ours.
"""

from typing import Final

from ml_connector.engine.decisions import no_rule, only_not_ours
from ml_connector.engine.flow import Flow
from ml_connector.flows.unidentified.facts import UnidentifiedFacts
from ml_connector.flows.unidentified.net import sweep
from ml_connector.flows.unidentified.plan import plan, source_lines
from ml_connector.flows.unidentified.read import read
from ml_connector.flows.unidentified.wake import URO
from ml_connector.rules.missing import missing
from ml_connector.transport.spoiled import by_id
from ml_connector.words import Cause

FLOW: Final = Flow(
    name="unidentified",
    source="unidentified receiving order",
    topics=frozenset(),
    rules="unidentified-1",
    facts=UnidentifiedFacts,
    read=read,
    plan=plan,
    source_lines=source_lines,
    switch="receiving",
    schedule="sweep",
    missing=lambda key, reads: missing(
        reads.unidentified.get(int(key)), f"ShipBob has no unidentified receiving order {key}"
    ),
    sweep=sweep,
    spoils=by_id("Uro"),
    wakings=(URO,),
    decidable=only_not_ours([Cause.UNIDENTIFIED_STOCK], ignore_rule=no_rule),
)

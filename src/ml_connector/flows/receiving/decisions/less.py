"""Units that are booked and not stowed, and that a person took out again in NetSuite. Pure.

After ``quantity_went_down`` a person may make our receipt smaller, or adjust the stock by hand,
and then say so (``handled``): the document that is named accounts for what it took out. Lines
that are kept by lot are no exception: the person has named the lots.
"""

from collections import Counter
from collections.abc import Sequence

from ml_connector.flows.receiving.decided import match, settled, takes_out
from ml_connector.flows.receiving.decisions.corrections import short_units
from ml_connector.flows.receiving.facts import ReceivingFacts
from ml_connector.ledger.postings.documents import HandledUnits, Posted
from ml_connector.rules.decisions.corrections import lines_back
from ml_connector.rules.decisions.decided import UnitsToHandle, handled_units, lapsed
from ml_connector.rules.decisions.reduced import reduced


def less_units(facts: ReceivingFacts, posted: Sequence[Posted]) -> list[HandledUnits]:
    """Return the units that documents took out again, as people decided; negative.

    Also those that were counted before and are stowed again by now: what the document took out is
    then booked anew.

    Raises:
        NeedsHuman: a document shows other units than when it was decided.
    """
    deciding = [one for one in facts.decisions if takes_out(one)]
    if not deciding:
        return []
    changed = lapsed(f"WRO {facts.wro_id}", deciding, match(facts))
    if changed is not None:
        raise changed
    short = Counter(short_units(facts, settled(facts, posted)))
    for one in deciding:
        for counted in one.counted:
            short[counted.source_line] = max(short[counted.source_line], -counted.quantity)
    wanted = [
        UnitsToHandle(line.source_line, line.item or "", line.location or "", line.quantity or 0)
        for line in lines_back(posted, short)
    ]
    return handled_units(deciding, wanted, reduced=reduced(deciding, posted))

"""A simulator of Oracle NetSuite's SuiteTalk REST web services, with books of its own.

It plays one account: sign-in by signed assertion, SuiteQL, the record service with its
transforms, asynchronous jobs, certificate rotation, limits, roles and faults. The books are one
SQLite database in memory, so that SuiteQL and the record service tell the same truth::

    from datetime import UTC, datetime

    from ml_connector.sim.clock import Clock
    from ml_connector.sim.netsuite import NetSuiteSim
    from ml_connector.sim.server import serve

    sim = NetSuiteSim(clock=Clock(datetime(2026, 11, 20, tzinfo=UTC)))
    acme = sim.add_subsidiary("Acme")
    place = sim.add_location("ShipBob", subsidiary=acme)
    supplier = sim.add_vendor("Supply", subsidiary=acme)
    sim.add_item("TEE-BLK-M", cost="4.20")
    lines = [{"item": "TEE-BLK-M", "quantity": 100, "rate": "4.20"}]
    order = sim.add_purchase_order("PO4711", vendor=supplier, location=place, lines=lines)
    sim.fault("hang_after_commit", path="!transform/itemReceipt", times=1, seconds=90)
    with serve(sim.app) as served:
        ...  # point an integration at served.url

Where the reference knows no wording or rule, the simulator's own is marked in the docstring of
the function that decides it: the sentences of closed periods, over-receipts and wrong paging;
the link type ``SaleRet``; permission keys that Oracle doesn't publish; the name of the warning
header (``X-NetSuite-Warning``); ``expr1`` for unnamed columns; a transfer order's receipt lines
(order line plus one).
"""

from ml_connector.sim.netsuite.books.company import Preferences
from ml_connector.sim.netsuite.simulator import NetSuiteSim
from ml_connector.sim.netsuite.values.refusal import Refusal

__all__ = ["NetSuiteSim", "Preferences", "Refusal"]

"""The pages that show: overview, flows, stock, audit trail, connections, alarms, system."""

from typing import Any, Final

from ml_connector.web.console.pages.figures import (
    alarms,
    asking,
    audit_trail,
    connections,
    flows,
    invoices,
    overview,
    settings,
    stock,
    system,
    undo,
)

ROUTES: Final[tuple[Any, ...]] = (
    *overview.ROUTES,
    *asking.VERIFY,
    *asking.FEES,
    *asking.COMPARE,
    *asking.PING,
    *asking.BACKUP,
    *flows.ROUTES,
    *invoices.ROUTES,
    *stock.ROUTES,
    *audit_trail.ROUTES,
    *undo.ROUTES,
    *connections.ROUTES,
    *alarms.ROUTES,
    *settings.ROUTES,
    *system.ROUTES,
)

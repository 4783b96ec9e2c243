"""What is to be seen of a connection: figures, flows, stock, the audit trail, alarms, system."""

from typing import Any, Final

from ml_connector.web.api.figures import (
    alarms,
    audit_trail,
    backups,
    connections,
    flows,
    overview,
    proofs,
    settings,
    stock,
    system,
)

ROUTES: Final[tuple[Any, ...]] = (
    *overview.ROUTES,
    *flows.ROUTES,
    *stock.ROUTES,
    *audit_trail.ROUTES,
    *connections.ROUTES,
    *alarms.ROUTES,
    *settings.ROUTES,
    *system.ROUTES,
    *backups.ROUTES,
    *proofs.ROUTES,
)

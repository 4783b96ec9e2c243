"""The fee audit: compares what ShipBob charged with what it did. Pure.

Findings are statements with numbers. Four kinds:

- ``no_cause``: a charge for a thing that ShipBob does not have, or that came to nothing.
- ``charged_twice``: more for the same fee and thing than it costs once, refunds and credits
  deducted. Fees per unit or per day are left out: they rightly come several times.
- ``rate_moved``: another rate than the median of the 90 days before, for the same fee and
  service. For a fee that was always the same, each other amount is a finding; for a fee that
  varies, a week in which nearly all charges lie on one side of that median.
- ``credit_due``: units that ShipBob took out of stock, with no credit that names them.

ShipBob settles its mistakes within 90 days, so each finding has a day to claim it by.
"""

from collections.abc import Sequence
from datetime import date

import msgspec

from ml_connector.fee_audit.causes import Evidence, reference_of
from ml_connector.fee_audit.charged_twice import charged_twice
from ml_connector.fee_audit.findings import Finding, is_charge
from ml_connector.fee_audit.losses import credits_due
from ml_connector.fee_audit.no_cause import without_cause
from ml_connector.fee_audit.rates import rates
from ml_connector.fee_audit.settled import Settlements
from ml_connector.ledger.sources.charges import Charge


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """The findings, ordered by the day to claim by, and how many charges were checked.

    Attributes:
        charges: number of charges in the period.
        unchecked: of those, the number that name nothing which could be looked up.
        unread: what ShipBob showed in a form that can't be read, with the path of the fault.
    """

    findings: tuple[Finding, ...]
    charges: int
    unchecked: int
    unread: tuple[str, ...] = ()


def audit(charges: Sequence[Charge], evidence: Evidence, *, first: date, last: date) -> Audit:
    """Compare the charges of a period with the things that they are for.

    Args:
        charges: of the period and of the 90 days before it, each once, in any order.
        evidence: what the charges of the period refer to.
        first: day of the period.
        last: day of the period.
    """
    ordered = sorted(
        (charge for charge in charges if charge.charged_on is not None),
        key=lambda charge: (charge.charged_on or first, charge.transaction_id),
    )
    period = [one for one in ordered if first <= (one.charged_on or first) <= last]
    settled = Settlements(ordered)
    findings = [
        *without_cause(period, evidence, settled),
        *charged_twice(ordered, evidence, first, last, settled),
        *rates(ordered, evidence, first, last, settled),
        *credits_due(ordered, evidence),
    ]
    findings.sort(key=lambda one: (one.claim_by, one.kind, one.statement))
    return Audit(
        findings=tuple(findings),
        charges=len(period),
        unchecked=sum(is_charge(one) and reference_of(one) is None for one in period),
        unread=tuple(evidence.unread),
    )

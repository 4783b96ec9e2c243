"""The settings of one subject, where a person decided otherwise than its connection says. Pure.

``adjust`` puts the policy that says so in place of the connection's, for one subject.
"""

from collections.abc import Collection, Iterable

from ml_connector.config.connection import ConnectionSettings
from ml_connector.rules.decisions.decided import Decided, of_kind
from ml_connector.words import DecisionKind


def is_adjusted(decisions: Iterable[Decided], policy: str, lines: Collection[str]) -> bool:
    """Return whether a person decided that what is left of a subject is adjusted.

    Args:
        decisions: about the subject, which hold.
        policy: that is decided for it alone, such as ``unmatched_wro``.
        lines: names of the lines that are left. One that came after the decision is undecided:
            then it holds for none of them.
    """
    return any(
        one.value == policy and {*lines} <= ({line.name for line in one.lines} or {*lines})
        for one in of_kind(decisions, DecisionKind.ADJUST)
    )


def decided_settings(
    settings: ConnectionSettings, decisions: Iterable[Decided], lines: Collection[str]
) -> ConnectionSettings:
    """Return the settings as they are for one subject; arguments as of ``is_adjusted``."""
    adjusted = {
        one.value: "adjust"
        for one in of_kind(decisions, DecisionKind.ADJUST)
        if is_adjusted([one], one.value, lines)
    }
    if not adjusted:
        return settings
    policies = settings.policies.model_copy(update=adjusted)
    return settings.model_copy(update={"policies": policies})

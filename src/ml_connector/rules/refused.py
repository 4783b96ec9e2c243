"""Lines of the source that are not posted on purpose, and the merchant's rules that say so. Pure.

The rules under ``[ignore]`` name what is never the books' business.
"""

from collections.abc import Iterable

from ml_connector.config.connection import IgnoreSection
from ml_connector.ledger.postings.documents import Plan, RefusedUnits, SourceLine


def refused(lines: Iterable[SourceLine], reason: str) -> tuple[RefusedUnits, ...]:
    """Return these lines as refused in full, for one reason."""
    return tuple(
        RefusedUnits(
            source_line=line.source_line,
            reason=reason,
            quantity=line.quantity,
            amount=line.amount,
            currency=line.currency,
        )
        for line in lines
    )


def refusal(lines: Iterable[SourceLine], reason: str) -> Plan:
    """Return the plan that posts nothing and refuses all of these lines."""
    return Plan(note=reason, refused=refused(lines, reason))


def ignored_order(
    rules: IgnoreSection,
    *,
    channel: int | None = None,
    numbers: Iterable[str | None] = (),
    tags: Iterable[str] = (),
) -> str:
    """Return which rule says that an order at ShipBob is ignored; empty where none does.

    Args:
        rules: of the connection.
        channel: that the order came through.
        numbers: its reference, and what people see of it.
        tags: its tags, each as its name and as ``NAME=VALUE``.
    """
    return (
        (_said("channels", channel) if channel is not None and channel in rules.channels else "")
        or _by_prefix("order_prefixes", rules.order_prefixes, numbers)
        or next((_said("tags", tag) for tag in tags if tag in rules.tags), "")
    )


def ignored_wro(rules: IgnoreSection, number: str | None) -> str:
    """Return which rule says that a WRO or a purchase order is ignored; empty where none does."""
    return _by_prefix("wro_prefixes", rules.wro_prefixes, [number])


def ignored_return(
    rules: IgnoreSection, *, channel: int | None, reference: str | None, order: str | None
) -> str:
    """Return which rule says that a return is ignored; empty where none does.

    Args:
        rules: of the connection.
        channel: that the return belongs to.
        reference: of the return.
        order: the reference of its order.
    """
    return _by_prefix("return_prefixes", rules.return_prefixes, [reference]) or ignored_order(
        rules, channel=channel, numbers=[order]
    )


def names_rule(rules: IgnoreSection, reason: str) -> bool:
    """Return whether a reason for which something is refused names one of these rules."""
    return any(
        _said(key, value) in reason
        for key in IgnoreSection.model_fields
        for value in getattr(rules, key)
    )


def _by_prefix(key: str, prefixes: Iterable[str], numbers: Iterable[str | None]) -> str:
    begun = [number.strip() for number in numbers if number]
    return next(
        (
            _said(key, prefix)
            for prefix in prefixes
            if any(number.startswith(prefix) for number in begun)
        ),
        "",
    )


def _said(key: str, value: object) -> str:
    return f'Not ours: {key} under [ignore] names "{value}"'

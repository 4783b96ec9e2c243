"""How a sales order is found from what ShipBob says of an order: rules, tried in turn. Pure.

ShipBob's own guide for NetSuite puts the sales order's internal id into ``reference_id`` and
its number into ``order_number``; orders from shops carry the shop's id and what people see,
such as "#1001" (shipbob.md section 13.1). A reference is unique within its channel only.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

import pydantic

PRESETS: Final[Mapping[str, tuple[str, ...]]] = {
    "shipbob-guide": ("reference_id = id", "order_number = tranid"),
    "shopify": ("reference_id = externalid", "order_number - '#' = otherrefnum"),
    "amazon": ("reference_id = otherrefnum", "reference_id = externalid"),
}
"""Rules that go by a name."""

REFERENCE: Final = "reference_id"
ORDER_NUMBER: Final = "order_number"

_OWN_FIELDS: Final = frozenset({"tranid", "id", "otherrefnum", "externalid"})
_RULE: Final = re.compile(
    r"\s*(?P<side>\w+)\s*(?:-\s*'(?P<away>[^']*)'\s*)?(?:\+\s*'(?P<before>[^']*)'\s*)?"
    r"=\s*(?P<field>\S+)\s*"
)
_CUSTOM_FIELD: Final = re.compile(r"cust[A-Za-z0-9_]{1,80}")
_INTERNAL_ID: Final = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)
_WANTED: Final = (
    'use "tranid", "otherrefnum", "externalid" or a custom field id, a preset'
    f" ({', '.join(PRESETS)}), or a list of rules such as \"order_number - '#' = otherrefnum\""
)


class OrderRule(NamedTuple):
    """One way from a text of ShipBob's order to a field of the sales order.

    Attributes:
        side: ``reference_id`` or ``order_number``.
        away: a text that is taken away where the value begins with it.
        before: a text that is put before the value.
        field: of the sales order.
    """

    side: str
    away: str
    before: str
    field: str

    def value(self, reference: str | None, number: str | None) -> str | None:
        """Return what the field must be; None where the order has no such text."""
        text = ((reference if self.side == REFERENCE else number) or "").strip()
        text = text.removeprefix(self.away).strip()
        if not text:
            return None
        text = self.before + text
        if self.field == "id" and not _INTERNAL_ID.fullmatch(text):
            return None  # NetSuite fails on an internal id that is no number
        return text

    @property
    def is_plain(self) -> bool:
        """Whether it compares the reference as it is."""
        return (self.side, self.away, self.before) == (REFERENCE, "", "")


def rules_of(setting: str | Sequence[str]) -> tuple[OrderRule, ...]:
    """Return the rules that a setting means: of a preset, of one field, or of a list.

    Raises:
        ValueError: it is none of these, or a rule has another form.
    """
    if not isinstance(setting, str):
        if not setting:
            raise ValueError("the list needs at least one rule")
        return tuple(map(_rule, setting))
    if setting in PRESETS:
        return tuple(map(_rule, PRESETS[setting]))
    if _is_field(setting):
        return (OrderRule(REFERENCE, "", "", setting),)
    raise ValueError(_WANTED)


def _rule(text: str) -> OrderRule:
    found = _RULE.fullmatch(text)
    if found is None or found["side"] not in {REFERENCE, ORDER_NUMBER}:
        raise ValueError(
            "write a rule as SIDE [- 'TEXT'] [+ 'TEXT'] = FIELD, where SIDE is reference_id or"
            " order_number"
        )
    if not _is_field(found["field"]):
        raise ValueError("a rule ends in tranid, id, otherrefnum, externalid or a custom field id")
    return OrderRule(found["side"], found["away"] or "", found["before"] or "", found["field"])


def _is_field(text: str) -> bool:
    return text in _OWN_FIELDS or bool(_CUSTOM_FIELD.fullmatch(text))


class OrderRules(NamedTuple):
    """The rules of a connection.

    Attributes:
        default: of all channels that have none of their own.
        by_channel: of the channels that have.
    """

    default: tuple[OrderRule, ...]
    by_channel: Mapping[int, tuple[OrderRule, ...]] = {}

    def of(self, channel: int | None) -> tuple[OrderRule, ...]:
        """Return the rules of a channel's orders."""
        return self.default if channel is None else self.by_channel.get(channel, self.default)

    @property
    def needs_reference_only(self) -> bool:
        """Whether one field is compared with the reference, whatever the channel is."""
        return not self.by_channel and len(self.default) == 1 and self.default[0].is_plain


def _checked(value: Any) -> Any:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(one, str) for one in texts):
        raise ValueError(_WANTED)
    rules_of(value)
    return value if isinstance(value, str) else tuple(value)


OrderMatch = Annotated[str | tuple[str, ...], pydantic.BeforeValidator(_checked)]
"""A preset, one field, or a list of rules."""

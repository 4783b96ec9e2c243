"""Numbers to search by, who sees to what is stopped, and indexes for lists of events."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import op
from psycopg.rows import tuple_row

revision = "0040"
down_revision = "0039"

_BUNCH = 500
_MOST = 400
_LONGEST = 120

_FIELDS = {
    "purchase_order_number": "order",
    "reference": "order",
    "order_number": "order",
    "order_name": "order",
    "store_order": "order",
    "order_id": "order",
    "tracking": "tracking",
    "sku": "sku",
    "item_name": "sku",
    "shipment_id": "shipment",
    "linked_wro_id": "wro",
    "deleted_authorization": "document",
    "document": "document",
}
_OF = {
    "orders": ("order", ("id", "number")),
    "sales_orders": ("order", ("id", "number", "tranid")),
    "sales": ("order", ("id", "number")),
    "original_orders": ("order", ("id", "number")),
    "named": ("document", ("id", "number")),
    "authorizations": ("document", ("id", "number")),
    "receipts": ("document", ("id", "number", "document")),
    "bills": ("document", ("id",)),
    "fulfillments": ("document", ("id", "number", "tranid")),
    "shipments": ("shipment", ("id",)),
    "parcels": ("tracking", ("number",)),
    "wros": ("wro", ("id",)),
}
_NONE_OF = {
    *("levels", "open", "moves", "elsewhere", "names", "near_items", "bindings", "decisions"),
}


def upgrade() -> None:
    schema = Path(__file__).with_suffix(".sql").read_text("utf-8")
    driver = op.get_bind().connection.driver_connection
    assert driver is not None  # noqa: S101 - a live connection has a driver
    driver.execute(schema)
    # What runs saw before is found by its numbers as well: by those of each subject's last run.
    with (
        driver.cursor(name="seen_before", row_factory=tuple_row) as seen,
        driver.cursor() as writing,
    ):
        seen.itersize = _BUNCH
        seen.execute(
            "select s.connection, s.id, r.facts from subject as s join lateral"
            " (select facts from run where subject_id = s.id and facts is not null"
            "  order by id desc limit 1) as r on true"
        )
        while bunch := seen.fetchmany(_BUNCH):
            writing.executemany(
                "insert into subject_number (connection, number, kind, subject_id)"
                " values (%s, %s, %s, %s) on conflict do nothing",
                [
                    (name, number, kind, subject)
                    for name, subject, facts in bunch
                    for number, kind in _numbers_of(facts).items()
                ],
            )


def _numbers_of(facts: dict[str, Any]) -> dict[str, str]:
    """Return the numbers in facts, as ``ledger.search.numbers`` took them when this was made."""
    found: dict[str, str] = {}
    _add(found, facts.get("number"), "order")
    for text, kind in _walk(facts, ""):
        if len(found) >= _MOST:
            break
        _add(found, text, kind)
    return found


def _walk(value: Any, within: str) -> Iterator[tuple[Any, str]]:
    if isinstance(value, dict):
        kind, fields = _OF.get(within, ("", ()))
        for name, inner in value.items():
            if kind and name in fields:
                yield inner, kind
            elif name in _FIELDS:
                yield inner, _FIELDS[name]
            elif name not in _NONE_OF:
                yield from _walk(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner, within)


def _add(found: dict[str, str], value: Any, kind: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return
    text = " ".join(str(value).replace("\0", "").split()).lower()
    if text and len(text) <= _LONGEST:
        found.setdefault(text, kind)

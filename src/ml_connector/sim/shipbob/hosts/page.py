"""The page for people at ``/_sim/``: the books at a glance, and a few things to do to them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Final

from ml_connector.sim.shipbob.account import Books
from ml_connector.sim.shipbob.books.orders import GONE, Shipment
from ml_connector.sim.shipbob.books.receiving import Wro
from ml_connector.sim.shipbob.books.returns import Return
from ml_connector.sim.shipbob.http.gate import CONTROL, CallRecord

SHOWN: Final = 40
"""Rows of each table, the latest first."""

Row = Sequence[str]

STYLE: Final = """
:root{color-scheme:light dark;--ink:#16202c;--dim:#5d6b7a;--line:#d9e0e7;--card:#fff;--bg:#f5f7f9;
--accent:#1d5fd1}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf1;--dim:#9aa7b5;--line:#2c3744;--card:#18212b;
--bg:#10161d;--accent:#6ea3ff}}
*{box-sizing:border-box}body{margin:0;padding:24px;background:var(--bg);color:var(--ink);
font:14px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums}
header{display:flex;gap:16px;align-items:baseline;flex-wrap:wrap;margin-bottom:16px}
h1{font-size:20px;margin:0}h2{font-size:15px;margin:0 0 8px}.dim{color:var(--dim)}
main{display:grid;gap:16px;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr))}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px;
overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;
padding:4px 8px 4px 0;border-top:1px solid var(--line);white-space:nowrap}
td:last-child{white-space:normal}
th{color:var(--dim);font-weight:500;border:0}td:has(form){text-align:right}
form{display:inline-flex;gap:6px}button{font:inherit;padding:2px 10px;border-radius:8px;
border:1px solid var(--line);background:none;color:var(--accent);cursor:pointer}
button:focus-visible,input:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
input{font:inherit;width:7em;border:1px solid var(--line);border-radius:8px;padding:2px 8px;
background:none;color:inherit}
.said{border:1px solid var(--accent);border-radius:8px;padding:6px 12px}
"""
"""What all pages of the simulator look like."""


class Page:
    """Renders the books of one simulator as a page without scripts."""

    def __init__(self, *, books: Books, calls: Callable[[], list[CallRecord]]) -> None:
        self._books = books
        self._calls = calls

    def render(self, said: str) -> str:
        """The whole page; ``said`` is what came of the last button."""
        books = self._books
        now = f"{books.clock.now():%Y-%m-%d %H:%M:%S} UTC, speed {books.clock.speed:g}"
        in_use = books.limit.in_use(books.clock.now())
        limit = ", ".join(f"{name} {used}" for name, used in sorted(in_use.items())) or "none"
        sections = (
            self._stock(),
            self._wros(),
            self._orders(),
            self._returns(),
            self._charges(),
            self._invoices(),
            self._subscriptions(),
            self._deliveries(),
            self._call_log(),
        )
        note = f'<span class="said" role="status">{escape(said)}</span>' if said else ""
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>Simulated ShipBob</title><style>{STYLE}</style>"
            f'<header><h1>Simulated ShipBob</h1><span class="dim">{now}</span>'
            f'<span class="dim">calls in the last minute of {books.limit.per_minute or "any"}: '
            f"{escape(limit)}</span>"
            f"{_form('clock', 'Advance', {}, number=('advance_seconds', 3600))}{note}</header>"
            f"<main>{''.join(sections)}</main></html>"
        )

    def _stock(self) -> str:
        products, centers = self._books.products, self._books.centers
        rows = [
            (
                escape(products.by_inventory_id[inventory_id].sku),
                escape(centers[center_id].name),
                escape(lot),
                str(levels.on_hand),
                str(levels.committed),
                str(levels.awaiting),
                str(levels.exception),
            )
            for (inventory_id, center_id, lot), levels in self._books.stock
        ]
        heads = ("SKU", "Center", "Lot", "On hand", "Committed", "Awaited", "Exception")
        return _section("Stock", heads, reversed(rows))

    def _wros(self) -> str:
        rows = [
            row for wro in reversed(self._books.receiving.wros.values()) for row in _boxes(wro)
        ]
        heads = ("WRO", "PO number", "Status", "Box", "Expected", "Stowed", "")
        return _section("Receiving", heads, rows)

    def _orders(self) -> str:
        rows = [
            (
                escape(self._books.orders.of(each).reference_id),
                str(each.id),
                escape(each.status),
                escape(each.parcels[0].tracking_number if each.parcels else ""),
                _shipment_forms(each),
            )
            for each in reversed(self._books.orders.shipments.values())
        ]
        return _section("Shipments", ("Order", "Shipment", "Status", "Tracking", ""), rows)

    def _returns(self) -> str:
        rows = [
            (
                escape(each.reference_id),
                escape(each.status),
                str(sum(line.quantity for line in each.lines)),
                escape(_taken(each)),
                ""
                if each.status in {"Completed", "Cancelled"}
                else _form("complete_return", "Complete", {"found": each.id}),
            )
            for each in reversed(self._books.returns.by_id.values())
        ]
        return _section("Returns", ("Reference", "Status", "Units", "Done", ""), rows)

    def _charges(self) -> str:
        rows = [
            (
                f"{each.charged:%Y-%m-%d}",
                escape(each.fee),
                str(each.amount),
                escape(f"{each.reference_type} {each.reference_id}"),
                str(each.invoice_id or "open"),
            )
            for each in reversed(self._books.billing.transactions.values())
        ]
        return _section("Charges", ("Day", "Fee", "Amount", "For", "Invoice"), rows)

    def _invoices(self) -> str:
        rows = [
            (each.day.isoformat(), str(each.id), escape(each.type), str(each.amount))
            for each in reversed(self._books.billing.invoices.values())
        ]
        made = _form("invoice", "Invoice what is open", {})
        return _section("Invoices", ("Day", "Invoice", "Type", "Amount"), rows, made)

    def _subscriptions(self) -> str:
        rows = [
            (
                each.id,
                escape(each.url),
                f"{len(each.topics)} topics",
                "enabled" if each.enabled else "disabled",
            )
            for each in reversed(self._books.webhooks.subscriptions.values())
        ]
        return _section("Webhook subscriptions", ("Id", "Address", "Topics", "State"), rows)

    def _deliveries(self) -> str:
        rows = [
            (
                f"{each.at:%m-%d %H:%M:%S}",
                escape(each.topic),
                f"{each.attempt}",
                str(each.status or escape(each.error)),
                _form("redeliver", "Send again", {"webhook_id": each.webhook_id}),
            )
            for each in reversed(self._books.webhooks.deliveries[-SHOWN:])
        ]
        return _section("Deliveries", ("At", "Topic", "Attempt", "Answer", ""), rows)

    def _call_log(self) -> str:
        rows = [
            (
                f"{each.at:%m-%d %H:%M:%S}",
                each.method,
                escape(f"{each.path}?{each.query}" if each.query else each.path),
                str(each.status),
            )
            for each in reversed(self._calls()[-SHOWN:])
        ]
        return _section("Calls", ("At", "Method", "Path", "Status"), rows)


def _boxes(wro: Wro) -> list[Row]:
    return [
        (
            str(wro.id),
            escape(wro.purchase_order_number or ""),
            wro.status,
            str(box.number),
            str(sum(item.quantity for item in box.items)),
            str(sum(item.stowed for item in box.items)),
            _form("stow", "Stow the box", {"wro": wro.id, "box": box.number})
            + _form("complete", "Complete", {"wro": wro.id})
            if wro.open
            else "",
        )
        for box in wro.boxes
    ]


def _shipment_forms(shipment: Shipment) -> str:
    if shipment.status in {"Processing", "LabeledCreated"}:
        return _form("ship", "Ship", {"shipment": shipment.id})
    if shipment.status not in GONE:
        return ""
    back = _form("return_shipment", "Return", {"shipment": shipment.id})
    if shipment.delivered is not None:
        return back
    return _form("deliver", "Deliver", {"shipment": shipment.id}) + back


def _taken(found: Return) -> str:
    done = [f"{taken.action} {taken.quantity}" for line in found.lines for taken in line.taken]
    return ", ".join(done)


def _section(title: str, heads: Row, rows: Iterable[Row], after: str = "") -> str:
    listed = list(rows)
    cells = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in listed[:SHOWN]
    )
    more = f'<p class="dim">and {len(listed) - SHOWN} more</p>' if len(listed) > SHOWN else ""
    body = cells or f'<tr><td class="dim" colspan="{len(heads)}">nothing yet</td></tr>'
    head = "".join(f"<th>{name}</th>" for name in heads)
    return (
        f"<section><h2>{title} <span class='dim'>{len(listed)}</span></h2>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}{after}</section>"
    )


def _form(
    action: str,
    text: str,
    values: Mapping[str, object],
    *,
    number: tuple[str, int] | None = None,
) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(str(value))}">'
        for name, value in values.items()
    )
    shown = ""
    if number is not None:
        name, value = number
        shown = f'<input type="number" name="{name}" value="{value}" aria-label="{text}, seconds">'
    return (
        f'<form method="post" action="{CONTROL}/page/{action}">{hidden}{shown}'
        f"<button>{escape(text)}</button></form>"
    )

"""The page for people at ``/_sim/``: the books at a glance, and what people do to them."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final
from urllib.parse import urlencode

from ml_connector.sim.netsuite.account import Account
from ml_connector.sim.netsuite.books.line_numbers import as_numbering
from ml_connector.sim.netsuite.values import instants
from ml_connector.sim.netsuite.values.numbers import text
from ml_connector.sim.netsuite.values.refusal import Refusal

SHOWN: Final = 40
_ROLE: Final = 1000
_USER: Final = 12
"""The integration's role and user, to which a certificate is mapped."""

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#16202c;--dim:#5d6b7a;--line:#d9e0e7;--card:#fff;--bg:#f5f7f9;
--accent:#1d5fd1}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf1;--dim:#9aa7b5;--line:#2c3744;--card:#18212b;
--bg:#10161d;--accent:#6ea3ff}}
*{box-sizing:border-box}body{margin:0;padding:24px;background:var(--bg);color:var(--ink);
font:14px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{display:grid;gap:16px;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr))}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px;
overflow-x:auto}h1{font-size:20px;margin:0 0 4px}h2{font-size:15px;margin:0 0 8px}
p{margin:0 0 12px;color:var(--dim)}table{border-collapse:collapse;width:100%}
th{text-align:left;color:var(--dim);font-weight:500}td,th{padding:4px 8px 4px 0;
border-bottom:1px solid var(--line)}td.n,th.n{text-align:right}
form{display:inline-flex;gap:6px;flex-wrap:wrap;align-items:center;margin:0}
input,textarea{font:inherit;width:9em;padding:3px 6px;border:1px solid var(--line);
border-radius:6px;background:var(--bg);color:inherit}
button{font:inherit;padding:3px 10px;border-radius:6px;
border:1px solid var(--accent);background:none;color:var(--accent);cursor:pointer}
textarea{width:22em}
.said{border:1px solid var(--accent);border-radius:8px;padding:8px 12px;margin:0 0 16px}
"""


def query(said: str) -> str:
    """The parameter that carries a sentence to the next page."""
    return urlencode({"said": said})


def act(sim: Account, name: str, form: Mapping[str, str]) -> str:
    """Do what a person chose on the page.

    Returns:
        a sentence that says what came of it.
    """
    try:
        return _act(sim, name, form)
    except Refusal as refusal:
        return f"Refused: {refusal.detail}"
    except (KeyError, ValueError) as error:
        return f"Not done: {str(error).strip(chr(39))}"


def _act(sim: Account, name: str, form: Mapping[str, str]) -> str:
    if name == "close-period":
        sim.close_period(form["month"])
        return f"Period {form['month']} is closed."
    if name == "reopen-period":
        sim.reopen_period(form["month"])
        return f"Period {form['month']} is open."
    if name == "delete":
        sim.delete(form["type"], int(form["id"]))
        return f"{form['type']} {form['id']} is deleted."
    if name == "edit-line":
        line: dict[str, object] = {"line": int(form["line"])}
        line |= {key: form[key] for key in ("quantity", "rate") if form.get(key)}
        sim.edit(form["type"], int(form["id"]), {"item": {"items": [line]}})
        return f"Line {form['line']} of {form['type']} {form['id']} is changed."
    if name == "number-lines":
        sim.preferences.line_numbers = as_numbering(form["numbering"])
        return f"Lines of orders are numbered {sim.preferences.line_numbers}."
    return _act_on_sign_in(sim, name, form)


def _act_on_sign_in(sim: Account, name: str, form: Mapping[str, str]) -> str:
    if name == "revoke-tokens":
        sim.revoke_tokens()
        return "All tokens are revoked."
    if name == "upload-certificate":
        made = sim.sign_in.register(
            form["client"].strip(), form["certificate"], role=_ROLE, entity=_USER
        )
        return f"The certificate is mapped to {made.client_id}. Certificate id: {made.id}"
    raise ValueError(f"there is no action {name}")


def render(sim: Account, said: str = "") -> str:
    """The whole page."""
    sections = (
        _stock,
        _documents,
        _order_lines,
        _periods,
        _ledger,
        _certificates,
        _tokens,
        _faults,
        _calls,
    )
    limits = sim.limits
    head = (
        f"<h1>Simulated NetSuite {escape(sim.account_id)}</h1>"
        f"<p>{sim.clock.now():%Y-%m-%d %H:%M:%S} UTC, account time zone "
        f"{escape(str(sim.books.zone))}. Requests in flight: {limits.in_flight} of "
        f"{limits.concurrency} (most so far {limits.peak}, refused {limits.refused}).</p>"
    )
    note = f'<div class="said" role="status">{escape(said)}</div>' if said else ""
    body = "".join(f"<section>{section(sim)}</section>" for section in sections)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Simulated NetSuite {escape(sim.account_id)}</title><style>{_STYLE}</style>"
        f"</head><body>{head}{note}<main>{body}</main></body></html>"
    )


def _table(
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numeric: frozenset[int] = frozenset(),
    empty: str,
) -> str:
    """A table; cells are HTML already."""

    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=n' if at in numeric else ''}>{value}</{tag}>"
            for at, value in enumerate(values)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    if not body:
        return f"<h2>{title}</h2><p>{empty}</p>"
    return f"<h2>{title}</h2><table><tr>{cells('th', heads)}</tr>{body}</table>"


def _form(action: str, label: str, hidden: Mapping[str, object], *inputs: str) -> str:
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">'
        for name, value in hidden.items()
    )
    return (
        f'<form method="post" action="/_sim/page/{action}">{kept}{"".join(inputs)}'
        f"<button>{escape(label)}</button></form>"
    )


def _input(name: str, value: object, label: str) -> str:
    return f'<input name="{name}" value="{escape(str(value))}" aria-label="{escape(label)}">'


def _stock(sim: Account) -> str:
    rows = [
        (escape(sku), str(location), text(quantity))
        for (sku, location), quantity in sim.stock().items()
    ]
    return _table(
        f"Stock ({len(rows)})",
        ("SKU", "Location", "On hand"),
        rows[:SHOWN],
        numeric=frozenset({2}),
        empty="Nothing is in stock.",
    )


def _documents(sim: Account) -> str:
    found = sim.books.rows(
        "SELECT id, _record, tranid, status, trandate, externalid, foreigntotal "
        'FROM "transaction" ORDER BY id DESC LIMIT ?',
        (SHOWN,),
    )
    rows = [
        (
            str(row["id"]),
            escape(str(row["_record"])),
            escape(str(row["tranid"] or "")),
            escape(str(row["status"] or "")),
            instants.to_date(str(row["trandate"])).isoformat(),
            escape(str(row["externalid"] or "")),
            _form("delete", "Delete", {"type": row["_record"], "id": row["id"]}),
        )
        for row in found
    ]
    heads = ("Id", "Type", "Number", "Status", "Date", "External id", "")
    return _table("Documents, newest first", heads, rows, empty="No documents yet.")


def _order_lines(sim: Account) -> str:
    found = sim.books.rows(
        "SELECT t.id, t._record, t.tranid, l.id AS line, i.itemid, ABS(l.quantity) AS quantity, "
        'l.quantityshiprecv AS moved, l.rate FROM "transaction" t '
        'JOIN transactionline l ON l."transaction" = t.id JOIN _item i ON i.id = l.item '
        "WHERE t.type IN ('PurchOrd', 'SalesOrd') AND t.status IN ('A', 'B', 'D', 'E') "
        "AND l.mainline = 'F' ORDER BY t.id DESC, l.id LIMIT ?",
        (SHOWN,),
    )
    rows = [
        (
            escape(str(row["tranid"])),
            str(row["line"]),
            escape(str(row["itemid"])),
            str(row["moved"]),
            _form(
                "edit-line",
                "Change",
                {"type": row["_record"], "id": row["id"], "line": row["line"]},
                _input("quantity", row["quantity"], "Quantity"),
                _input("rate", row["rate"], "Rate"),
            ),
        )
        for row in found
    ]
    heads = ("Order", "Line", "SKU", "Moved", "Quantity and rate")
    table = _table("Lines of open orders", heads, rows, empty="No open orders.")
    numbering = _input("numbering", sim.preferences.line_numbers, "How lines are numbered")
    return table + _form("number-lines", "Number lines", {}, numbering)


def _periods(sim: Account) -> str:
    found = sim.books.rows(
        "SELECT * FROM accountingperiod WHERE isposting = 'T' AND startdate <= ? "
        "ORDER BY startdate DESC LIMIT 12",
        (sim.books.now(),),
    )
    rows = []
    for row in found:
        month = instants.to_date(str(row["startdate"])).strftime("%Y-%m")
        closed = row["closed"] == "T"
        locks = [name for name in ("alllocked", "aplocked", "arlocked") if row[name] == "T"]
        state = "closed" if closed else ", ".join(locks) or "open"
        name, label = ("reopen-period", "Reopen") if closed or locks else ("close-period", "Close")
        rows.append((escape(str(row["periodname"])), state, _form(name, label, {"month": month})))
    return _table("Posting periods", ("Period", "State", ""), rows, empty="No periods.")


def _ledger(sim: Account) -> str:
    names = {
        row["id"]: str(row["displaynamewithhierarchy"])
        for row in sim.books.rows("SELECT id, displaynamewithhierarchy FROM account")
    }
    rows = [
        (escape(names.get(account, str(account))), text(amount))
        for account, amount in sim.balances().items()
    ]
    return _table(
        "General ledger, debits minus credits",
        ("Account", "Balance"),
        rows,
        numeric=frozenset({1}),
        empty="Nothing is posted.",
    )


def _certificates(sim: Account) -> str:
    rows = [(escape(one.client_id), escape(one.id)) for one in sim.sign_in.certificates.values()]
    client = rows[0][0] if rows else ""
    text = (
        '<textarea name="certificate" rows="3" cols="40" aria-label="Certificate" '
        'placeholder="-----BEGIN CERTIFICATE-----"></textarea>'
    )
    form = _form("upload-certificate", "Upload", {}, _input("client", client, "Client"), text)
    heads = ("Client", "Certificate id")
    table = _table("OAuth 2.0 Client Credentials (M2M)", heads, rows, empty="No certificate yet.")
    return f"{table}<p></p>{form}"


def _tokens(sim: Account) -> str:
    now = sim.sign_in.now()
    rows = [
        (
            escape(token.client_id),
            str(token.role),
            f"{token.expires:%H:%M:%S}",
            "revoked" if token.revoked else "expired" if token.expires <= now else "valid",
        )
        for token in list(sim.sign_in.tokens.values())[-10:]
    ]
    table = _table("Tokens", ("Client", "Role", "Until", ""), rows, empty="No tokens yet.")
    return table + (_form("revoke-tokens", "Revoke all", {}) if rows else "")


def _faults(sim: Account) -> str:
    rows = [
        (
            escape(str(rule["kind"])),
            escape(f"{rule['method']} {rule['path'] or 'any path'}"),
            f"{rule['struck']} of {rule['times'] if rule['times'] is not None else 'any'}",
        )
        for rule in sim.faults.listing()
    ]
    return _table("Faults", ("Kind", "Calls", "Struck"), rows, empty="No faults are in force.")


def _calls(sim: Account) -> str:
    rows = [
        (
            f"{call['at']:%H:%M:%S}",
            call["method"],
            escape(str(call["path"])[:90]),
            str(call["status"] or "cut"),
            f"{call['seconds'] * 1000:.0f} ms",
        )
        for call in reversed(sim.calls[-SHOWN:])
    ]
    return _table(
        "Calls, newest first",
        ("At", "Method", "Path", "Status", "Took"),
        rows,
        numeric=frozenset({4}),
        empty="No calls yet.",
    )

"""ROWNUM in a condition: rows are counted before they are ordered (reference 4.4)."""

from sqlglot import exp

from ml_connector.sim.netsuite.books.tables import tables
from ml_connector.sim.netsuite.suiteql.dialect import unsupported


def limit_rows(holder: exp.Expr) -> None:
    """Turn ``ROWNUM <= n`` into a LIMIT *before* any ORDER BY, in every SELECT of a tree.

    Raises:
        Refusal: ROWNUM is compared with something else than a number.
    """
    for select in list(holder.find_all(exp.Select)):
        limit = _take_rownum(select)
        if limit is None:
            continue
        ordered = select.args.get("order")
        if ordered is None and not select.args.get("group") and not _aggregates(select):
            select.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
        else:
            _push_down(select, limit)


def _aggregates(select: exp.Select) -> bool:
    return any(
        node.find_ancestor(exp.Select) is select
        for item in select.expressions
        for node in item.find_all(exp.AggFunc)
    )


def _take_rownum(select: exp.Select) -> int | None:
    where = select.args.get("where")
    if where is None:
        return None
    parts = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    kept, limit = [], None
    for part in parts:
        found = _row_limit(part)
        if found is None:
            kept.append(part)
        else:
            limit = found if limit is None else min(limit, found)
    if limit is not None:
        select.set("where", exp.Where(this=exp.and_(*kept, copy=False)) if kept else None)
    return limit


def _row_limit(part: exp.Expr) -> int | None:
    part = part.unnest()
    if not isinstance(part, exp.LT | exp.LTE | exp.EQ) or not isinstance(part.this, exp.Column):
        return None
    if part.this.name != "rownum" or part.this.table:
        return None
    bound = part.expression
    if not isinstance(bound, exp.Literal):
        raise unsupported("ROWNUM is compared with a number only")
    limit = int(bound.this)
    return max(0, limit - 1 if isinstance(part, exp.LT) else limit)


def _push_down(select: exp.Select, limit: int) -> None:
    """Put the rows that ROWNUM lets through into a subquery of their own."""
    inner = exp.Select(
        from_=select.args["from_"].copy(),
        joins=[join.copy() for join in select.args.get("joins") or []],
        where=select.args["where"].copy() if select.args.get("where") else None,
        limit=exp.Limit(expression=exp.Literal.number(limit)),
    )
    own = {node.alias_or_name for node in inner.find_all(exp.Table, exp.Subquery)}
    names: dict[tuple[str, str], str] = {}
    for key in ("expressions", "group", "having", "order"):
        value = select.args.get(key)
        for root in value if isinstance(value, list) else [value] if value else []:
            for column in list(root.find_all(exp.Column)):
                if column.table in own:
                    mark = names.setdefault((column.table, column.name), f"c{len(names)}")
                    column.set("this", exp.to_identifier(mark))
                    column.set("table", exp.to_identifier("_first"))
    inner.set(
        "expressions",
        [exp.alias_(exp.column(name, table=alias), mark) for (alias, name), mark in names.items()]
        or [exp.alias_(exp.Literal.number(1), "c0")],
    )
    first = select.args["from_"].this
    known = tables().get(first.name) if isinstance(first, exp.Table) else None
    if known is not None and "id" in known.columns:
        # Without an order of its own SQLite would hand the outer order down.
        inner.set("order", exp.Order(expressions=[exp.column("id", table=first.alias_or_name)]))
    source = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("_first")))
    select.set("from_", exp.From(this=source))
    select.set("joins", [])
    select.set("where", None)

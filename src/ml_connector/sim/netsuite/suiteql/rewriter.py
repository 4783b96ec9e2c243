"""From SuiteQL to SQLite: every Oracle construct becomes one that SQLite has (reference 4.4)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlglot import ErrorLevel, exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.transforms import eliminate_join_marks

from ml_connector.sim.netsuite.books import functions
from ml_connector.sim.netsuite.books.tables import tables
from ml_connector.sim.netsuite.suiteql.dialect import (
    number_placeholders,
    parse,
    search_error,
    unsupported,
)
from ml_connector.sim.netsuite.suiteql.resolver import Hidden, resolve
from ml_connector.sim.netsuite.suiteql.rownum import limit_rows
from ml_connector.sim.netsuite.values.kinds import DATES, KIND, kind_of

_NATIVE: Final = frozenset(["NULLIF", "REPLACE", "COALESCE", "ABS", "LENGTH", "LTRIM", "RTRIM"])
_RANKS: Final = frozenset(
    ["ROW_NUMBER", "RANK", "DENSE_RANK", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"]
)
_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A query that SQLite can run.

    Attributes:
        sql: for SQLite, with parameters named ``:p1``, ``:p2`` ...
        parameters: how many ``?`` the query had.
        names: the keys of the answer, lower case.
        tables: the tables it reads.
    """

    sql: str
    parameters: int
    names: tuple[str, ...]
    tables: frozenset[str]


@lru_cache(maxsize=512)
def rewrite(query: str, hidden: Hidden) -> Rewritten:
    """Check a SuiteQL query and translate it. Pure, so answers are remembered.

    Raises:
        Refusal: NetSuite would not run it.
    """
    named, placeholders = number_placeholders(query)
    tree = parse(named)
    resolve(tree, hidden)
    read = frozenset(table.name for table in tree.find_all(exp.Table))
    names = _output_names(tree)
    try:
        holder = exp.Paren(this=tree)
        if any(column.args.get("join_mark") for column in tree.find_all(exp.Column)):
            eliminate_join_marks(tree)
        limit_rows(holder)
        _mark_times(holder, user_times=hidden.user_times)
        for node in reversed(list(holder.walk(bfs=False))):
            if node is not holder:
                _rewrite_node(node)
        if hidden.types or hidden.items or hidden.faces:
            _show_tables(holder.this, hidden)
        sql = holder.this.sql(dialect="sqlite", identify=True, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise unsupported("a construct outside SuiteQL") from error
    return Rewritten(sql, placeholders, names, read)


def _show_tables(tree: exp.Expr, hidden: Hidden) -> None:
    """Read tables as this world shows them, without the rows that the role may not see (4.5)."""
    shown = dict(hidden.faces)
    for table in list(tree.find_all(exp.Table)):
        condition = _seen(table.name, hidden)
        if table.name in shown:
            inner: exp.Expr = parse_one(shown[table.name], read="sqlite")
        elif condition:
            inner = exp.select("*").from_(exp.Table(this=table.this.copy()))
        else:
            continue
        if condition:
            inner = inner.where(condition, dialect="sqlite")  # type: ignore[attr-defined] # a Select
        alias = table.args["alias"].copy()
        table.replace(exp.Subquery(this=inner, alias=alias))


def _seen(name: str, hidden: Hidden) -> str:
    """The condition on a table's rows that the role may see; empty where it may see all."""
    codes = ", ".join(f"'{code}'" for code in sorted(hidden.types))
    if name == "item" and hidden.items:
        return f"id NOT IN ({', '.join(map(str, sorted(hidden.items)))})"
    if not hidden.types:
        return ""
    if name == "transaction":
        return f"type NOT IN ({codes})"
    if name in ("transactionline", "transactionaccountingline"):
        # The codes are record_types.py's own.
        return f'"transaction" NOT IN (SELECT id FROM "transaction" WHERE type IN ({codes}))'  # noqa: S608
    return ""


def _output_names(tree: exp.Expr) -> tuple[str, ...]:
    while not isinstance(tree, exp.Select):
        tree = tree.this
    return tuple(item.alias_or_name for item in tree.expressions)


def _mark_times(tree: exp.Expr, *, user_times: bool) -> None:
    """Let TO_CHAR write times, but not dates and what TO_DATE read, in the user's zone (4.2)."""
    if not user_times:
        return
    for call in list(tree.find_all(exp.Anonymous)):
        if str(call.this).upper() != "TO_CHAR" or not call.expressions:
            continue
        value = call.expressions[0]
        read = isinstance(value, exp.Anonymous) and str(value.this).upper() == "TO_DATE"
        is_now = isinstance(value, exp.Column) and value.name == "sysdate"
        if (kind_of(value) == "m" or is_now) and not read:
            call.set("expressions", [_call("ns_user_time", value.copy()), *call.expressions[1:]])


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _replace(node: exp.Expr, new: exp.Expr) -> None:
    node.replace(new)


def _rewrite_node(node: exp.Expr) -> None:
    for kinds, rewriter in _REWRITERS:
        if isinstance(node, kinds):
            rewriter(node)
            return


def _builtin(node: exp.Expr) -> None:
    call = node.args["expression"]
    if node.this.name != "builtin" or not isinstance(call, exp.Anonymous):
        raise search_error(f"Unknown identifier '{node.this.name}'")
    name = str(call.this).upper().removeprefix("NS_")
    argument = call.expressions[0] if call.expressions else None
    if name == "RELATIVE_RANGES":
        _replace(node, _call("ns_relative_ranges", *call.expressions))
    elif name == "DF" and argument is not None:
        _replace(node, _display(argument))
    elif name == "CF" and argument is not None:
        _replace(node, _composite(argument))
    elif name in ("CONSOLIDATE", "MNFILTER", "CURRENCY", "CURRENCY_CONVERT") and argument:
        _replace(node, argument.copy())
    else:
        raise unsupported(f"BUILTIN.{name}")


def _display(argument: exp.Expr) -> exp.Expr:
    """BUILTIN.DF: the display text of a column."""
    if not isinstance(argument, exp.Column) or KIND not in argument.meta:
        return _call("ns_display", argument.copy())
    name, table = argument.name, argument.meta.get("table")
    alias = argument.args["table"]
    if table == "transaction" and name in ("status", "type"):
        kind = exp.Column(this=exp.to_identifier("type"), table=alias.copy())
        if name == "type":
            return _call("ns_type_label", argument.copy())
        return _call("ns_status_label", kind, argument.copy())
    if argument.meta[KIND] == "b":
        return _call("ns_yes_no", argument.copy())
    target = argument.meta.get("target")
    if target is None:
        return _call("ns_display", argument.copy())
    return _lookup(target, argument)


def _lookup(target: str, argument: exp.Column) -> exp.Expr:
    key = "internalid" if target == "unitstypeuom" else "id"
    inner = exp.Table(
        this=exp.to_identifier(target), alias=exp.TableAlias(this=exp.to_identifier("_df"))
    )

    def column(name: str) -> exp.Column:
        return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier("_df"))

    if target == "transaction":
        shown: exp.Expr = _call("ns_document_label", column("type"), column("tranid"))
    else:
        shown = column(tables()[target].display or key)
    select = exp.Select(
        expressions=[shown],
        from_=exp.From(this=inner),
        where=exp.Where(this=exp.EQ(this=column(key), expression=argument.copy())),
    )
    return exp.Subquery(this=select)


def _composite(argument: exp.Expr) -> exp.Expr:
    """BUILTIN.CF: ``PurchOrd:B`` for a status."""
    table = argument.meta.get("table") if isinstance(argument, exp.Column) else None
    if isinstance(argument, exp.Column) and argument.name == "status" and table == "transaction":
        kind = exp.Column(this=exp.to_identifier("type"), table=argument.args["table"].copy())
        colon = exp.Literal.string(":")
        return _call("ns_concat", kind, colon, argument.copy())
    return argument.copy()


def _function(node: exp.Expr) -> None:
    if isinstance(node.parent, exp.Dot):
        return
    name = str(node.this).upper()
    if name.startswith("NS_") or name in _NATIVE:
        return
    if name in _RANKS:
        return
    if name not in functions.NAMES:
        raise search_error(f"Unknown function '{name}'")
    if name == "NVL2":
        given, yes, no = node.expressions
        test = exp.Not(this=exp.Is(this=given, expression=exp.Null()))
        _replace(node, exp.Case(ifs=[exp.If(this=test, true=yes)], default=no))
        return
    node.set("this", f"ns_{name.lower()}")
    if name == "REGEXP_LIKE" and not isinstance(node.parent, exp.EQ):
        node.replace(exp.EQ(this=node.copy(), expression=exp.Literal.number(1)))


def _sum(node: exp.Expr) -> None:
    if isinstance(node.parent, exp.Window) or isinstance(node.this, exp.Distinct):
        return
    name = "ns_sum" if isinstance(node, exp.Sum) else "ns_avg"
    _replace(node, _call(name, node.this))


def _listagg(node: exp.Expr) -> None:
    order = node.this
    value = order.this if isinstance(order, exp.Order) else order
    distinct = isinstance(value, exp.Distinct)
    if distinct:
        value = value.expressions[0]
    arguments: list[exp.Expr] = [
        value,
        node.args.get("separator") or exp.Literal.string(""),
        exp.Literal.number(int(distinct)),
    ]
    for key in order.expressions if isinstance(order, exp.Order) else []:
        arguments += [key.this, exp.Literal.number(int(bool(key.args.get("desc"))))]
    _replace(node, _call("ns_listagg", *(part.copy() for part in arguments)))


def _plus_or_minus(node: exp.Expr) -> None:
    left, right = node.this, node.args["expression"]
    if isinstance(node, exp.Add):
        for side in (left, right):
            if isinstance(side, exp.Literal) and side.is_string and not _is_number(side.this):
                raise unsupported("+ concatenation, use ||")
    name = "ns_plus" if isinstance(node, exp.Add) else "ns_minus"
    _replace(node, _call(name, left, right))


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit()


def _divide(node: exp.Expr) -> None:
    if isinstance(node.this, exp.Cast):
        return
    real = exp.Cast(this=node.this, to=exp.DataType.build("real"))
    over = exp.Anonymous(
        this="NULLIF", expressions=[node.args["expression"], exp.Literal.number(0)]
    )
    new = exp.Div(this=real, expression=over, typed=True, safe=True)
    _replace(node, exp.Paren(this=new))


def _compare(node: exp.Expr) -> None:
    left, right = node.this, node.args["expression"]
    for one, other in ((left, right), (right, left)):
        _fit(one, other)


def _between(node: exp.Expr) -> None:
    for key in ("low", "high"):
        _fit(node.this, node.args[key])


def _in(node: exp.Expr) -> None:
    for value in list(node.expressions):
        _fit(node.this, value)


def _fit(column: exp.Expr, value: exp.Expr) -> None:
    """Oracle converts a text that is compared with a date or a number; SQLite would not."""
    free = isinstance(value, exp.Placeholder) or (
        isinstance(value, exp.Literal) and value.is_string
    )
    if not free:
        return
    kind = kind_of(_original(column))
    if kind in DATES:
        value.replace(_call("ns_to_date", value.copy()))
    elif kind in ("n", "i") and not isinstance(column, exp.Column):
        value.replace(_call("ns_number", value.copy()))


def _original(node: exp.Expr) -> exp.Expr:
    """Undo the renaming of a call, so that its kind is known."""
    if isinstance(node, exp.Anonymous) and str(node.this).startswith("ns_"):
        name = str(node.this).removeprefix("ns_").upper()
        if name in ("SUM", "AVG", "NUMBER"):
            return exp.Neg(this=exp.Literal.number(1))
        if name in ("PLUS", "MINUS"):
            kind = exp.Add if name == "PLUS" else exp.Sub
            left, right = (_original(part) for part in node.expressions)
            return kind(this=left.copy(), expression=right.copy())
        return exp.Anonymous(this=name, expressions=node.expressions)
    return node


def _empty_text(node: exp.Expr) -> None:
    """Oracle's empty text is NULL."""
    if node.args.get("is_string") and node.this == "":
        _replace(node, exp.Null())


def _now(node: exp.Expr) -> None:
    """SYSDATE and CURRENT_DATE: in Oracle both have a time."""
    _replace(node, _call("ns_sysdate"))


def _decode(node: exp.Expr) -> None:
    subject, *rest = node.expressions
    default = rest.pop() if len(rest) % 2 else None
    ifs = [
        exp.If(
            this=exp.Is(this=subject.copy(), expression=rest[at]),
            true=rest[at + 1],
        )
        for at in range(0, len(rest), 2)
    ]
    _replace(node, exp.Case(ifs=ifs, default=default))


def _extract(node: exp.Expr) -> None:
    part = exp.Literal.string(node.this.name.upper())
    _replace(node, _call("ns_extract", part, node.args["expression"]))


def _cast(node: exp.Expr) -> None:
    if node.args["to"].this in (exp.DType.DATE, exp.DType.TIMESTAMP):
        _replace(node, _call("ns_to_date", node.this))


def _column(node: exp.Expr) -> None:
    if node.name == "sysdate" and not node.args.get("table"):
        _replace(node, _call("ns_sysdate"))
    elif node.name == "rownum" and not node.args.get("table"):
        _replace(node, exp.Window(this=_call("ROW_NUMBER"), over="OVER"))


def _concatenate(node: exp.Expr) -> None:
    _replace(node, _call("ns_concat", node.this, node.args["expression"]))


def _fetch(node: exp.Expr) -> None:
    if node.args.get("limit_options") and node.args["limit_options"].args.get("percent"):
        raise unsupported("FETCH FIRST ... PERCENT")
    node.replace(exp.Limit(expression=node.args["count"] or exp.Literal.number(1)))


_REWRITERS: Final[
    tuple[
        tuple[
            type[exp.Expr] | tuple[type[exp.Expr], ...],
            Callable[[exp.Expr], None],
        ],
        ...,
    ]
] = (
    (exp.Column, _column),
    (exp.Literal, _empty_text),
    (exp.Dot, _builtin),
    (exp.Anonymous, _function),
    ((exp.Sum, exp.Avg), _sum),
    (exp.GroupConcat, _listagg),
    (exp.DPipe, _concatenate),
    ((exp.Add, exp.Sub), _plus_or_minus),
    (exp.Div, _divide),
    (_COMPARISONS, _compare),
    (exp.Between, _between),
    (exp.In, _in),
    ((exp.CurrentTimestamp, exp.CurrentDate), _now),
    (exp.DecodeCase, _decode),
    (exp.Extract, _extract),
    (exp.Cast, _cast),
    (exp.Fetch, _fetch),
)

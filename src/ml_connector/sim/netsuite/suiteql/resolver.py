"""Which column of which table a name in a query means (reference 4.5, 9.2).

A table or column that is hidden by a feature or the role looks exactly like a misspelt one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlglot import exp

from ml_connector.sim.netsuite.books.tables import Column, tables
from ml_connector.sim.netsuite.suiteql.dialect import query_error, search_error, unsupported
from ml_connector.sim.netsuite.suiteql.faces import Faces
from ml_connector.sim.netsuite.values.kinds import KIND, kind_of

Words = Literal["unknown", "removed", "not-exposed", "not-found"]


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the account's features and the role hide.

    Attributes:
        tables: table names.
        columns: ``table.column`` names.
        types: codes of transactions whose rows the role may not see.
        items: ids of items that the role may not see, such as another subsidiary's.
        words: how a name that is not shown is refused (16.12).
        faces: tables that are shown otherwise than they are kept.
        user_times: TO_CHAR writes times in the user's zone.
    """

    tables: frozenset[str] = frozenset()
    columns: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    items: frozenset[int] = frozenset()
    words: Words = "unknown"
    faces: Faces = ()
    user_times: bool = False

    def __or__(self, other: "Hidden") -> "Hidden":
        return Hidden(
            self.tables | other.tables,
            self.columns | other.columns,
            self.types | other.types,
            self.items | other.items,
            self.words if other.words == "unknown" else other.words,
            self.faces or other.faces,
            self.user_times or other.user_times,
        )


@dataclass(slots=True)
class _Source:
    table: str
    columns: Mapping[str, Column]


@dataclass(slots=True)
class _Scope:
    sources: dict[str, _Source] = field(default_factory=dict)
    outer: "_Scope | None" = None

    def available(self) -> str:
        pairs = (f"{alias}={source.table}" for alias, source in self.sources.items())
        return "{" + ", ".join(pairs) + "}"


def resolve(tree: exp.Query, hidden: Hidden) -> None:
    """Qualify every column in place, expand stars, name every output column.

    Raises:
        Refusal: an unknown or hidden table or column, in NetSuite's words.
    """
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.this.lower())
    _Resolver(hidden).query(tree, None)


class _Resolver:
    def __init__(self, hidden: Hidden) -> None:
        self.hidden = hidden

    def query(self, tree: exp.Expr, outer: _Scope | None) -> dict[str, Column]:
        """Resolve a SELECT or a set operation; answers its output columns."""
        if isinstance(tree, exp.Subquery):
            return self.query(tree.this, outer)
        if isinstance(tree, exp.SetOperation):
            left = self.query(tree.left, outer)
            self.query(tree.right, outer)
            return left
        if not isinstance(tree, exp.Select):
            raise unsupported("the query can't be read")
        return self.select(tree, outer)

    def select(self, tree: exp.Select, outer: _Scope | None) -> dict[str, Column]:
        scope = _Scope(outer=outer)
        from_ = tree.args.get("from_")
        if from_ is None:
            raise unsupported("FROM is missing")
        for node in [from_.this, *(join.this for join in tree.args.get("joins") or [])]:
            self.source(node, scope)
        self.expand_stars(tree, scope)
        aliases = {item.alias for item in tree.expressions if isinstance(item, exp.Alias)}
        for node in list(_own_nodes(tree)):
            if isinstance(node, exp.Query | exp.Subquery):
                self.query(node, scope)
            elif isinstance(node, exp.Column):
                self.column(node, scope, aliases)
        return self.outputs(tree)

    def source(self, node: exp.Expr, scope: _Scope) -> None:
        if isinstance(node, exp.Subquery):
            alias = node.alias or f"subquery{len(scope.sources)}"
            if not node.alias:
                node.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
            columns = self.query(node.this, scope.outer)
            scope.sources[alias] = _Source("subquery", columns)
            return
        if not isinstance(node, exp.Table):
            raise unsupported("only tables and subqueries can be read from")
        name = node.name
        table = tables().get(name)
        if table is None or name.startswith("_") or name in self.hidden.tables or node.db:
            raise _unknown_table(name, self.hidden.words)
        columns = {
            column: table.columns[column]
            for column in table.visible
            if f"{name}.{column}" not in self.hidden.columns
        }
        alias = node.alias or name
        if alias in scope.sources:
            raise unsupported(f"{alias} is named twice")
        if not node.alias:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
        scope.sources[alias] = _Source(name, columns)

    def expand_stars(self, tree: exp.Select, scope: _Scope) -> None:
        items: list[exp.Expr] = []
        for item in tree.expressions:
            if isinstance(item, exp.Star):
                wanted = list(scope.sources)
            elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                wanted = [item.table]
            else:
                items.append(item)
                continue
            for alias in wanted:
                if alias not in scope.sources:
                    raise _unknown(alias, scope, self.hidden.words)
                items += [exp.column(name, table=alias) for name in scope.sources[alias].columns]
        tree.set("expressions", items)
        _name_outputs(tree)

    def column(self, node: exp.Column, scope: _Scope, aliases: set[str]) -> None:
        name, prefix = node.name, node.table
        if not prefix and name in ("rownum", "sysdate"):
            return
        if not prefix and name in aliases and node.find_ancestor(exp.Order, exp.Select):
            ordered = node.find_ancestor(exp.Order)
            if ordered is not None and isinstance(ordered.parent, exp.Select):
                return
        at: _Scope | None = scope
        while at is not None:
            found = [
                (alias, source)
                for alias, source in at.sources.items()
                if (not prefix or alias == prefix) and name in source.columns
            ]
            if len(found) > 1:
                raise search_error(f"Ambiguous identifier '{name}'")
            if found:
                alias, source = found[0]
                column = source.columns[name]
                node.set("table", exp.to_identifier(alias))
                node.meta.update(
                    {KIND: column.kind, "target": column.target, "table": source.table}
                )
                return
            at = at.outer
        raise _unknown(name, scope, self.hidden.words, prefix)

    def outputs(self, tree: exp.Select) -> dict[str, Column]:
        found: dict[str, Column] = {}
        for item in tree.expressions:
            inner = item.this if isinstance(item, exp.Alias) else item
            name = item.alias_or_name
            if isinstance(inner, exp.Column):
                found[name] = Column(name, inner.meta.get(KIND, "n"), inner.meta.get("target"))
            else:
                found[name] = Column(name, kind_of(inner))
        return found


def _name_outputs(tree: exp.Select) -> None:
    """Give every output column a name: its own, its alias, or ``expr1``, ``expr2`` ..."""
    named: list[exp.Expr] = []
    unnamed = 0
    for item in tree.expressions:
        if isinstance(item, exp.Alias):
            named.append(item)
        elif isinstance(item, exp.Column):
            named.append(exp.alias_(item, item.name, copy=False))
        else:
            unnamed += 1
            named.append(exp.alias_(item, f"expr{unnamed}", copy=False))
    tree.set("expressions", named)


def _own_nodes(tree: exp.Select) -> Iterator[exp.Expr]:
    """The nodes of a SELECT, without those of the queries inside it or of its sources."""
    stack: list[exp.Expr] = []
    for key, value in tree.args.items():
        if key in ("from_", "laterals"):
            continue
        values = value if isinstance(value, list) else [value]
        for item in values:
            if isinstance(item, exp.Join):
                stack += [part for part in (item.args.get("on"),) if isinstance(part, exp.Expr)]
                if item.args.get("using"):
                    raise unsupported("JOIN ... USING")
            elif isinstance(item, exp.Expr):
                stack.append(item)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, exp.Query | exp.Subquery):
            stack += list(node.iter_expressions())


def _unknown(name: str, scope: _Scope, words: Words, prefix: str = "") -> Exception:
    if words == "unknown":
        return search_error(
            f"Unknown identifier '{name}'. Available identifiers are: {scope.available()}."
        )
    of = scope.sources.get(prefix) or next(iter(scope.sources.values()))
    return search_error(f"Field '{name}' for record '{of.table}' was not found.{_REASONS[words]}")


def _unknown_table(name: str, words: Words) -> Exception:
    if words == "unknown":
        return query_error(f"Invalid search type: {name}.")
    return search_error(f"Record '{name}' was not found.{_REASONS[words]}")


_REASONS: Final[Mapping[Words, str]] = {
    "removed": " Reason: REMOVED - Field is removed",
    "not-exposed": " Reason: NOT_EXPOSED - Field is not exposed",
    "not-found": "",
}

"""The product's own sources: modules, classes, texts."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from docs.pages import ROOT

PACKAGE = ROOT / "src" / "ml_connector"


@dataclass(frozen=True)
class Module:
    """One file; ``name`` is its path within the package, such as ``ledger/months.py``."""

    name: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.name.partition("/")[0]


def modules() -> list[Module]:
    return [
        Module(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


def folders() -> dict[str, int]:
    """Return how many modules each folder lists beside its ``__init__``."""
    return {
        folder.relative_to(PACKAGE).as_posix(): sum(
            path.name != "__init__.py" for path in folder.glob("*.py")
        )
        for folder in {path.parent for path in PACKAGE.rglob("*.py")}
    }


def classes(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            yield node.name


@dataclass(frozen=True)
class Function:
    """One function; ``lines`` are those of its body, without the docstring."""

    name: str
    complexity: int
    lines: int


def functions(module: Module) -> Iterator[Function]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = node.body[1 if ast.get_docstring(node) and node.body[1:] else 0]
            yield Function(
                name=f"{module.name} {node.name}",
                complexity=1 + sum(map(_branches, ast.walk(node))),
                lines=(node.end_lineno or 0) - start.lineno + 1,
            )


def _branches(node: ast.AST) -> int:
    """Return how many ways a piece of code adds to those through its function."""
    match node:
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While() | ast.IfExp():
            return 1
        case ast.ExceptHandler() | ast.match_case():
            return 1
        case ast.BoolOp(values=values):
            return len(values) - 1
        case ast.comprehension(ifs=conditions):
            return 1 + len(conditions)
        case _:
            return 0


def texts(module: Module) -> Iterator[str]:
    """Yield all texts but docstrings; what is put into an f-string counts as one word."""
    parts = {
        id(part)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    left_out = parts | {id(text) for text in _docstrings(module.tree)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values
            )
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in left_out
        ):
            yield node.value


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def tables() -> set[str]:
    """Return the tables and views that the migrations make."""
    making = re.compile(
        r"\bcreate (?:or replace )?(?:table|view) (?:if not exists )?(\w+)", re.IGNORECASE
    )
    return {
        table
        for path in (PACKAGE / "storage" / "migrations").rglob("*.*")
        if path.suffix in {".py", ".sql"}
        for table in making.findall(path.read_text("utf-8"))
    }

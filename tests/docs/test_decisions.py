import re
import tomllib
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

from docs import pages, sources
from docs.pages import DOCS, ROOT
from docs.sources import PACKAGE

DECISIONS = sorted((DOCS / "adr").glob("0*.md"))

OPTIONAL = r"(sim|bench|demo|selftest|cli\.(simulators|bench|selftest))\b"
"""What of the product works only with the simulators installed, its two commands included."""

KEEPERS = {
    "secret": {"vault"},
    "token": {"vault"},
    "draft_secret": {"vault"},
    "slot": {"transport"},
    "limit_state": {"transport"},
    "minute_turn": {"transport"},
}
"""Which part of the product keeps a table; every other table is the ledger's."""

MAY_ASK = {"storage", "reconcile", "bench", "sim", "selftest"}
"""Who makes and moves all tables, compares them as a whole, measures, or has tables of its own."""


def importers(library: str) -> set[str]:
    pattern = re.compile(rf"^\s*(?:import|from) {library}\b", re.MULTILINE)
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if pattern.search(path.read_text("utf-8"))
    }


def test_only_storage_imports_sqlalchemy_and_alembic() -> None:
    found = importers("sqlalchemy") | importers("alembic")

    assert found
    assert {path for path in found if not path.startswith("storage/")} == set()


def test_only_the_workers_import_the_job_library() -> None:
    assert importers("procrastinate") == {"engine/work/jobs.py"}


def test_each_table_is_asked_by_the_part_that_keeps_it() -> None:
    tables = sources.tables()
    asked = re.compile(rf"\b(?:from|join|into|update)\s+(?:only\s+)?({'|'.join(tables)})\b")
    verb = re.compile(r"\b(?:select|insert into|update|delete from)\b")
    found = {
        (module.name, table)
        for module in sources.modules()
        for text in sources.texts(module)
        if module.room not in MAY_ASK and verb.search(text)
        for table in asked.findall(text)
        if module.room not in KEEPERS.get(table, {"ledger"})
    }

    assert KEEPERS.keys() < tables
    assert found == set()


def test_each_class_name_stands_once() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in sources.modules():
        if module.room not in {"sim", "bench"}:
            for name in sources.classes(module):
                places[name].append(module.name)

    assert {name: names for name, names in places.items() if len(names) > 1} == {}


def test_functions_are_small() -> None:
    measured = [
        function
        for module in sources.modules()
        if module.room != "sim"
        for function in sources.functions(module)
    ]

    assert [one for one in measured if one.complexity > 15 or one.lines > 50] == []


def test_a_folder_lists_at_most_fourteen_modules() -> None:
    listed = sources.folders()
    exempt = {"cli", "bench", "storage/migrations/versions"}

    assert {name: n for name, n in listed.items() if n > 14 and name not in exempt} == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("ml_connector", cache_dir=None)  # imports for types count too
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    TopologicalSorter(imports).prepare()  # its error names the circle


def test_only_simulators_demo_and_bench_need_what_is_installed_for_them() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    libraries = {
        re.split(r"[<>=]", wanted)[0] for wanted in declared["optional-dependencies"]["sim"]
    }
    graph = grimp.build_graph("ml_connector", include_external_packages=True, cache_dir=None)
    optional = {module for module in graph.modules if re.match(OPTIONAL, module.partition(".")[2])}
    importers_outside = {
        (module, imported)
        for imported in libraries | optional
        for module in graph.find_modules_that_directly_import(imported) - optional
    }

    assert importers_outside == set()


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    numbers = [int(page.name[:4]) for page in DECISIONS]
    listed = re.findall(r"^\| \[(\d{4})\]", pages.text("docs/adr/index.md"), re.MULTILINE)

    assert numbers == list(range(1, len(numbers) + 1))
    assert [int(number) for number in listed] == numbers


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_all_its_parts(page: Path) -> None:
    title, *_ = page.read_text("utf-8").splitlines()
    parts = list(pages.sections(pages.name(page)))

    assert title.startswith(f"# {page.name[:4]}: ")
    assert parts == ["Context", "Decision", "Consequences", "Alternatives", "Held by"]


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=pages.name(page)) for page in pages.pages()]
)
def test_files_and_folders_that_are_named_exist(page: Path) -> None:
    named = {
        code.rstrip("/")
        for code in pages.inline_code(page)
        if re.fullmatch(r"(?:tests|src|docs)/[\w/.-]+", code)
    }

    assert {code for code in named if not (ROOT / code).exists()} == set()


def test_the_notice_names_every_package_that_is_installed_with_the_product() -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    needs = {
        package["name"]: {
            need["name"]
            for needed in (
                package.get("dependencies", ()),
                *package.get("optional-dependencies", {}).values(),
            )
            for need in needed
            if not re.search(r"== '(emscripten|win32|Windows)'", need.get("marker", ""))
        }
        for package in locked
    }
    installed, left = set[str](), ["ml-connector"]
    while left:
        name = left.pop()
        if name not in installed:
            installed.add(name)
            left.extend(needs[name])
    notice = (ROOT / "NOTICE").read_text("utf-8").partition("licence/).\n\n")[2]
    named = {line.split()[0] for line in notice.splitlines()}

    assert named == installed - {"ml-connector"}

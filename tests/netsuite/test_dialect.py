import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ml_connector
from ml_connector.netsuite import dialect
from ml_connector.netsuite.dialect import Flag


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("SELECT id FROM item WHERE itemid = 'SKU-1'", ()),
        ("SELECT id FROM item WHERE itemid = '' OR ''=''", ()),
        ("SELECT id FROM item WHERE itemid = 'O'Brien'", ()),
        ("SELECT id FROM item WHERE itemid = 'T", ()),
        ("SELECT id FROM item -- all", ()),
        ("SELECT id FROM item /* all */", ()),
        ("SELECT id FROM item; SELECT 1 FROM DUAL", ()),
        ('SELECT id AS "ID" FROM item', ()),
        ("SELECT id FROM item WHERE id IN ({list})", ()),
        ("SELECT id FROM item WHERE id = ?", ()),
        ("SELECT id FROM item WHERE id = ?", ("1", "2")),
        ("SELECT id FROM item", ("1",)),
    ],
)
def test_a_value_can_not_stand_in_the_text_of_a_query(
    query: str, parameters: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="query"):
        dialect.check(query, parameters)


def test_our_constants_may_stand_in_it() -> None:
    dialect.check(
        "SELECT TO_CHAR(t.createddate, 'YYYY-MM-DD\"T\"HH24:MI:SS') AS created"
        " FROM transaction t WHERE t.type = 'PurchOrd' AND t.id > ?",
        (0,),
    )


@given(st.text(st.characters(exclude_characters="'")))
def test_no_value_of_another_system_is_taken_for_a_constant(value: str) -> None:
    query = "SELECT id FROM item WHERE itemid = '" + value + "'"  # noqa: S608 - it is the point
    try:
        dialect.check(query, ())
    except ValueError:
        return

    assert value in {*"TFABCDEGH"}


def is_constant(node: ast.expr) -> bool:
    """Whether an expression is a constant of a module, one of a table, or with a part put in."""
    match node:
        case ast.Constant(value=str()):
            return True
        case ast.Name(id=name):
            return name.isupper()
        case ast.Subscript(value=ast.Name(id=name)):
            return name.isupper()
        case ast.Call(func=ast.Name(id="column_name")):
            return True
        case ast.Call(func=ast.Attribute(value=value, attr="replace"), args=args):
            return is_constant(value) and all(is_constant(arg) for arg in args)
    return False


def test_the_text_of_every_query_is_a_constant() -> None:
    # So no value from outside gets into a query, whatever quotes it brings along.
    source = Path(ml_connector.__file__).parent
    asked = [
        (path.name, node.lineno, node.args[0])
        for path in source.rglob("*.py")
        if "sim" not in path.relative_to(source).parts and path.name != "suiteql.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"rows", "rows_in", "pages"}
        and "type" in {keyword.arg for keyword in node.keywords}
    ]

    assert len(asked) >= 10
    assert [(name, line) for name, line, query in asked if not is_constant(query)] == []


@pytest.mark.parametrize("text", ["", "t.id", "a b", "x'", "id) OR (1", "1id", "ä"])
def test_what_is_no_name_of_a_column_gets_into_no_query(text: str) -> None:
    with pytest.raises(ValueError, match="name of a column"):
        dialect.column_name(text)


def test_the_name_of_a_custom_field_is_one_of_a_column() -> None:
    assert dialect.column_name("custbody_shipbob_id") == "custbody_shipbob_id"


def test_in_lists_hold_a_thousand_values_each_once() -> None:
    values = [str(number) for number in range(2500)]

    lists = list(dialect.in_lists([*values, "7", "7"]))

    assert [placeholders.count("?") for placeholders, _ in lists] == [1000, 1000, 500]
    assert [value for _, chunk in lists for value in chunk] == values


def test_nothing_to_look_for_makes_no_list() -> None:
    assert list(dialect.in_lists([])) == []


def test_parts_that_an_account_lacks_are_left_out() -> None:
    query = "SELECT id[, units][, b.usebins] FROM x b"

    assert dialect.optional_parts(query) == [", units", ", b.usebins"]
    assert dialect.without(query, frozenset()) == "SELECT id, units, b.usebins FROM x b"
    assert dialect.without(query, frozenset({", units"})) == "SELECT id, b.usebins FROM x b"


def test_a_part_names_a_column_as_a_whole_word_in_any_case() -> None:
    assert dialect.names(", l.UNITS", "units")
    assert not dialect.names(", i.unitstype", "units")


def test_flags_are_true_only_when_they_say_so() -> None:
    assert Flag("T")
    assert not Flag("F")

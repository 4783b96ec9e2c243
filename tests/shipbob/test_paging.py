from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from ml_connector.errors import Retryable
from ml_connector.shipbob.paging import Style, walk
from ml_connector.transport.call import Answer

MakeAnswer = Callable[..., Answer]


class Row(msgspec.Struct, frozen=True):
    id: int


class Book:
    """Gives pages by a function of the query, and keeps the queries."""

    def __init__(self, page: Callable[[Mapping[str, str]], Answer]) -> None:
        self.asked: list[dict[str, str]] = []
        self._page = page

    async def fetch(self, parameters: Mapping[str, str]) -> Answer:
        self.asked.append(dict(parameters))
        assert len(self.asked) < 60, "the walk does not end"
        return self._page(parameters)

    async def ids(self, style: Style, **parameters: str) -> list[int]:
        rows = walk(
            self.fetch,
            lambda row: msgspec.convert(row, Row),
            lambda row: row.id,
            style=style,
            parameters=parameters,
        )
        return [row.id async for row in rows]


def rows(*ids: int) -> list[dict[str, int]]:
    return [{"id": one} for one in ids]


def counted(answer: MakeAnswer, *pages: list[int], **headers: str) -> Book:
    def page(query: Mapping[str, str]) -> Answer:
        number = int(query["Page"])
        ids = pages[number - 1] if number <= len(pages) else []
        return answer(rows(*ids), 200, **headers)

    return Book(page)


async def test_numbered_pages_end_with_the_total(answer: MakeAnswer) -> None:
    book = counted(answer, [1, 2], [3, 4], [5], total_pages="3", total_count="5")

    assert await book.ids(Style.NUMBERED, Limit="2") == [1, 2, 3, 4, 5]
    assert [one["Page"] for one in book.asked] == ["1", "2", "3"]
    assert all(one["Limit"] == "2" for one in book.asked)


async def test_a_short_page_is_no_end(answer: MakeAnswer) -> None:
    book = counted(answer, [1], [2, 3], [4])

    assert await book.ids(Style.NUMBERED, Limit="250") == [1, 2, 3, 4]
    assert len(book.asked) == 4


async def test_a_total_counted_in_larger_pages_is_no_end(answer: MakeAnswer) -> None:
    book = counted(answer, [1, 2], [3, 4], total_pages="1", total_count="4")

    assert await book.ids(Style.NUMBERED) == [1, 2, 3, 4]


async def test_a_page_past_the_end_may_be_empty(answer: MakeAnswer) -> None:
    book = Book(lambda query: answer(rows(1)) if query["Page"] == "1" else answer(b""))

    assert await book.ids(Style.NUMBERED) == [1]


async def test_an_empty_next_page_header_is_the_end(answer: MakeAnswer) -> None:
    book = counted(answer, [1], [2], next_page="")

    assert await book.ids(Style.NUMBERED) == [1]


async def test_a_server_that_ignores_the_page_number_ends_the_walk(answer: MakeAnswer) -> None:
    book = Book(lambda _: answer(rows(1, 2)))

    assert await book.ids(Style.NUMBERED) == [1, 2]
    assert len(book.asked) == 2


async def test_rows_that_slip_onto_the_next_page_come_once(answer: MakeAnswer) -> None:
    book = counted(answer, [1, 2], [2, 3], [1, 3], [4], total_pages="4")

    assert await book.ids(Style.NUMBERED) == [1, 2, 3, 4]


def cursored(answer: MakeAnswer, form: str, key: str = "items") -> Book:
    """Three pages, led on in one of the forms that are seen; CURSOR stands for the cursor."""

    def page(query: Mapping[str, str]) -> Answer:
        given = {name.lower(): value for name, value in query.items()}
        number = {None: 1, "a+b/=": 2, "c&d": 3}[given.get("cursor")]
        following = {1: "a+b/=", 2: "c&d", 3: None}[number]
        text = following
        if following and form != "CURSOR":
            text = form.replace("CURSOR", following.replace("&", "%26"))
        return answer({key: rows(number * 10), "next": text, "prev": None})

    return Book(page)


@pytest.mark.parametrize(
    "form",
    [
        "CURSOR",
        "/2026-07/product?cursor=CURSOR",
        "/Product?cursor=CURSOR",
        "/Product?PageSize=50&Cursor=CURSOR&SKU=any:a,b",
        "https://api.shipbob.com/2026-07/return?Cursor=CURSOR#top",
        "?cursor=CURSOR",
        "cursor=CURSOR",
    ],
)
async def test_next_is_followed_in_every_form(answer: MakeAnswer, form: str) -> None:
    book = cursored(answer, form)

    assert await book.ids(Style.CURSOR, SKU="any:a,b") == [10, 20, 30]
    assert [one.get("Cursor") for one in book.asked] == [None, "a+b/=", "c&d"]
    assert all(one["SKU"] == "any:a,b" for one in book.asked)


async def test_returns_count_their_pages_in_the_cursor(answer: MakeAnswer) -> None:
    def page(query: Mapping[str, str]) -> Answer:
        number = int(query.get("Cursor", "1"))
        url = f"https://api.shipbob.com/2026-07/return?Cursor={number + 1}&Limit=1"
        return answer({"items": rows(number), "next": url if number < 3 else ""})

    assert await Book(page).ids(Style.CURSOR, Limit="1") == [1, 2, 3]


async def test_the_inventory_history_calls_its_rows_data(answer: MakeAnswer) -> None:
    assert await cursored(answer, "CURSOR", key="data").ids(Style.CURSOR) == [10, 20, 30]


async def test_a_number_is_a_cursor_too(answer: MakeAnswer) -> None:
    def page(query: Mapping[str, str]) -> Answer:
        last = int(query.get("Cursor", "0"))
        return answer({"data": rows(last + 1), "next": last + 1 if last < 2 else None})

    assert await Book(page).ids(Style.CURSOR) == [1, 2, 3]


async def test_a_bare_array_is_the_whole_list(answer: MakeAnswer) -> None:
    assert await Book(lambda _: answer(rows(1, 2))).ids(Style.CURSOR) == [1, 2]


@pytest.mark.parametrize("body", [b"", {"items": None, "next": None}, {"items": []}, {}])
async def test_an_empty_list_is_empty(answer: MakeAnswer, body: object) -> None:
    assert await Book(lambda _: answer(body)).ids(Style.CURSOR) == []


async def test_an_empty_page_in_between_is_no_end(answer: MakeAnswer) -> None:
    pages: dict[str, Any] = {
        "": {"items": [], "next": "two"},
        "two": {"items": rows(1), "next": "three"},
        "three": {"items": rows(2)},
    }
    book = Book(lambda query: answer(pages[query.get("Cursor", "")]))

    assert await book.ids(Style.CURSOR) == [1, 2]


@pytest.mark.parametrize("circle", [["a", "a"], ["a", "b", "a"], ["a", "b", "c", "b"]])
async def test_cursors_that_go_in_circles_end_the_walk(
    answer: MakeAnswer, circle: list[str]
) -> None:
    def page(query: Mapping[str, str]) -> Answer:
        cursor = query.get("Cursor")
        place = circle.index(cursor) + 1 if cursor else 0
        return answer({"items": rows(place), "next": circle[place]})

    assert await Book(page).ids(Style.CURSOR) == list(range(len(set(circle)) + 1))


async def test_new_cursors_without_a_new_row_end_in_a_failure(answer: MakeAnswer) -> None:
    book = Book(lambda query: answer({"items": rows(1), "next": query.get("Cursor", "") + "x"}))

    with pytest.raises(Retryable, match="without an end"):
        await book.ids(Style.CURSOR)


async def test_the_walk_never_leaves_its_address_for_that_of_next(answer: MakeAnswer) -> None:
    pages: dict[str, Any] = {
        "": {"items": rows(1), "next": "https://evil.example/steal?cursor=z"},
        "z": {"items": rows(2), "next": "https://evil.example/end"},
    }
    book = Book(lambda query: answer(pages[query.get("Cursor", "")]))

    assert await book.ids(Style.CURSOR) == [1, 2]
    assert book.asked == [{}, {"Cursor": "z"}]


async def test_an_answer_that_broke_off_may_be_asked_for_again(answer: MakeAnswer) -> None:
    with pytest.raises(Retryable):
        await Book(lambda _: answer('{"items": [{"id"')).ids(Style.CURSOR)


@pytest.mark.parametrize("body", [{"items": {"id": 1}}, {"items": [{"id": "x"}]}, "1"])
async def test_rows_of_another_form_are_named(answer: MakeAnswer, body: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        await Book(lambda _: answer(body)).ids(Style.CURSOR)

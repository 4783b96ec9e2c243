"""Month end over both simulators: what people do to NetSuite's books is found, and its end too."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from acceptance.closing import MONTH, TODAY, close, contents, found, in_netsuite, sync
from acceptance.merchant import Merchant, fresh_database, merchant
from ml_connector.app.operations.month_end import MonthEnd
from ml_connector.sim.shipbob.books.receiving import Wro
from ml_connector.words import AlarmKind


@pytest.fixture(scope="module")
def books(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Merchant]:
    """A merchant of this file's own, whose month nobody else touches."""
    with (
        fresh_database(server_url, template) as url,
        merchant(tmp_path_factory.mktemp("books"), url) as made,
    ):
        yield made


def alarms(acme: Merchant) -> list[tuple[str, bool]]:
    """The months that an alarm was raised about, and whether it goes on."""
    found = acme.rows(
        "select key, ended_at is null as open from alarm where kind = %(kind)s order by id",
        kind=AlarmKind.RECONCILIATION,
    )
    return [(row["key"], row["open"]) for row in found]


def receive(acme: Merchant, *wros: Wro) -> None:
    sync(acme, "receiving", *(wro.id for wro in wros))


def line(acme: Merchant, wro: Wro) -> dict[str, Any]:
    [document] = acme.documents(wro)
    return document


def another_day() -> date:
    return MONTH.first if MONTH.first != TODAY else TODAY + timedelta(days=1)


def test_people_and_their_documents(books: Merchant, tmp_path: Path) -> None:
    acme = books
    tee = acme.sku("TEE")
    received = acme.deliver({tee: 40}, number=(order := acme.order({tee: 100})))
    deleted, edited, doubled, moved, dated, bare = (
        acme.deliver({acme.sku("CAP"): units}) for units in (12, 13, 14, 15, 16, 17)
    )
    receive(acme, received, deleted, edited, doubled, moved, dated, bare)
    clean = close(acme, tmp_path / "clean")

    assert clean.report.open == ()
    assert clean.report.documents == 7

    # People are at work in NetSuite, and a WRO arrives of which nothing tells us.
    before = {wro.id: line(acme, wro) for wro in (deleted, edited, doubled, moved, dated, bare)}
    kind = "inventoryAdjustment"
    ids = {wro: int(document["id"]) for wro, document in before.items()}
    in_netsuite(acme, "delete", record_type=kind, internal_id=ids[deleted.id])
    _edit_line(acme, ids[edited.id], adjustQtyBy=3)
    copy = in_netsuite(
        acme, "create", record_type=kind, body=_again(before[doubled.id], external_id=None)
    )
    _edit_line(acme, ids[moved.id], location=7)
    in_netsuite(
        acme,
        "edit",
        record_type=kind,
        internal_id=ids[dated.id],
        body={"tranDate": another_day().isoformat()},
    )
    in_netsuite(
        acme, "edit", record_type=kind, internal_id=ids[bare.id], body={"externalId": None}
    )
    by_hand, counted = _receive_by_hand(acme, order, 30), acme.sku("COUNTED")
    acme.world.shipbob.adjust(counted, 3, 228)
    unheard = acme.deliver({acme.sku("NEW"): 5})
    receive(acme, parked := acme.deliver({acme.sku("MISSING", in_netsuite=False): 6}))
    red = close(acme, tmp_path / "red")

    assert found(red) == {
        ("document_deleted", f"mlc-ia-{deleted.id}-1"),
        ("document_changed", f"mlc-ia-{edited.id}-1"),
        ("document_doubled", f"mlc-ia-{doubled.id}-1"),
        ("location_changed", f"mlc-ia-{moved.id}-1"),
        ("date_changed", f"mlc-ia-{dated.id}-1"),
        ("external_id_changed", f"mlc-ia-{bare.id}-1"),
        ("fact_never_told", f"wro {unheard.id}"),
        ("fact_waiting", f"wro {parked.id}"),
        ("stock_moved_by_others", tee),
        ("stock_moved_at_shipbob", counted),
    }
    [others] = [one for one in red.report.explained if one.kind == "moved_by_others"]
    assert (others.what, others.where, others.netsuite) == (tee, "6", Decimal(30))
    assert _gaps(red, tee, counted) == {tee: (-30, 0), counted: (3, 0)}

    # NetSuite follows ShipBob's count, as a person decides.
    _follow_shipbob(acme, red)
    assert acme.books(counted).netsuite == {(counted, 6): 3}

    # They put everything back.
    in_netsuite(acme, "delete", record_type="itemReceipt", internal_id=by_hand)
    in_netsuite(
        acme,
        "create",
        record_type=kind,
        body=_again(before[deleted.id], external_id=f"mlc-ia-{deleted.id}-1"),
    )
    _edit_line(acme, ids[edited.id], adjustQtyBy=13)
    in_netsuite(acme, "delete", record_type=kind, internal_id=copy)
    _edit_line(acme, ids[moved.id], location=6)
    in_netsuite(
        acme,
        "edit",
        record_type=kind,
        internal_id=ids[dated.id],
        body={"tranDate": TODAY.isoformat()},
    )
    in_netsuite(
        acme,
        "edit",
        record_type=kind,
        internal_id=ids[bare.id],
        body={"externalId": f"mlc-ia-{bare.id}-1"},
    )
    acme.world.netsuite.add_item(_sku_of(acme, parked), cost="1")
    receive(acme, unheard, parked)
    assert alarms(acme) == [(str(MONTH), True)]
    green = close(acme, tmp_path / "green")

    assert alarms(acme) == [(str(MONTH), False)]

    assert found(green) == set()
    assert [one.kind for one in green.report.explained] == ["document_reentered"]
    assert _gaps(green, tee, counted) == {tee: (0, 0), counted: (0, 0)}
    assert green.shown["provisional"] is True


def test_a_report_is_recorded_and_its_bytes_come_again(books: Merchant, tmp_path: Path) -> None:
    receive(books, books.deliver({books.sku(): 3}))
    first, second = close(books, tmp_path / "1"), close(books, tmp_path / "2")
    recorded = books.rows("select * from month_report order by id")
    acts = books.rows("select * from act where what = 'reconcile'")

    assert contents(first) == contents(second)
    assert [path.read_bytes() for path in first.files[1:]] == [
        path.read_bytes() for path in second.files[1:]
    ]
    assert f"Report {first.id:,}, made by tests on" in first.files[0].read_text("utf-8")
    assert [path.suffix for path in first.files] == [".html", ".xlsx", ".csv"]
    assert [row["id"] for row in recorded[-2:]] == [first.id, second.id]
    assert recorded[-1]["head_hash"] == first.report.head.hash
    assert list(recorded[-2]["files"]) == [str(path) for path in first.files]
    assert acts[-1]["person"] == "tests"


def test_the_command_says_no_while_something_is_left_to_explain(
    books: Merchant, tmp_path: Path
) -> None:
    wro = books.deliver({books.sku("GONE"): 4})
    receive(books, wro)
    agrees = books.command("reconcile", str(MONTH), "--out", str(tmp_path))
    document = line(books, wro)
    in_netsuite(
        books, "delete", record_type="inventoryAdjustment", internal_id=int(document["id"])
    )
    differs = books.command("reconcile", str(MONTH), "--json")
    [difference] = differs.json["differences"]
    listed = books.command("reconcile", "--list", "--json")

    assert agrees.status == 0, agrees.err
    assert "Nothing is left to explain." in agrees.out
    assert differs.status == 1
    assert difference["kind"] == "document_deleted"
    assert difference["external_id"] == f"mlc-ia-{wro.id}-1"
    assert Path(differs.json["files"][0]).is_file()
    assert [row["green"] for row in listed.json["reports"]][:2] == [False, True]


@pytest.mark.parametrize(
    ("month", "says"),
    [("2026-13", "is no month"), ("november", "is no month"), ("2999-01", "has not begun yet")],
)
def test_a_wrong_month_is_wrong_usage(books: Merchant, month: str, says: str) -> None:
    answered = books.command("reconcile", month)

    assert answered.status == 2
    assert says in answered.err
    assert "Next:" in answered.err


def _follow_shipbob(acme: Merchant, red: MonthEnd) -> None:
    """Decide that NetSuite is corrected to what ShipBob alone has moved."""
    [alone] = [one for one in red.report.open if one.kind == "stock_moved_at_shipbob"]
    decided = acme.command("month", "decide", alone.id, "--as", "correct", "--note", "Counted")
    assert decided.status == 0, decided.err
    assert acme.command("sync", "month-end", "--id", alone.id).status == 0


def _gaps(done: MonthEnd, *skus: str) -> dict[str, tuple[int, int]]:
    """Return how many units ShipBob has more at location 6, and how many nothing explains."""
    assert done.report.tie_out is not None
    return {
        one.place.what: (int(one.gap), int(one.unexplained))
        for one in done.report.tie_out.lines
        if one.place.where == "6" and one.place.what in skus
    }


def _receive_by_hand(acme: Merchant, number: str, units: int) -> int:
    """Receive units of an order in NetSuite, as a person does who sees that it has room left."""
    [order] = [one for one in acme.world.netsuite.documents() if one.get("tranId") == number]
    made: int = acme.world.netsuite.transform(
        "purchaseOrder",
        int(order["id"]),
        "itemReceipt",
        {"item": {"items": [{"orderLine": 1, "quantity": units, "location": 6}]}},
    )
    return made


def _edit_line(acme: Merchant, internal_id: int, **changes: object) -> None:
    in_netsuite(
        acme,
        "edit",
        record_type="inventoryAdjustment",
        internal_id=internal_id,
        body={"inventory": {"items": [{"line": 1, **changes}]}},
    )


def _again(document: dict[str, Any], *, external_id: str | None) -> dict[str, Any]:
    """Return the body of a document that is entered again by hand."""
    [entered] = document["inventory"]["items"]
    return {
        "account": {"id": "54"},
        "subsidiary": {"id": "1"},
        "adjLocation": {"id": "6"},
        "tranDate": document["tranDate"],
        "memo": document["memo"],
        **({"externalId": external_id} if external_id else {}),
        "inventory": {
            "items": [
                {
                    "line": 1,
                    "item": {"id": entered["item"]["id"]},
                    "location": {"id": "6"},
                    "adjustQtyBy": entered["adjustQtyBy"],
                }
            ]
        },
    }


def _sku_of(acme: Merchant, wro: Wro) -> str:
    [row] = acme.rows(
        "select sku from source_line as l join subject as s on s.id = l.subject_id"
        " where s.key = %(key)s",
        key=str(wro.id),
    )
    return str(row["sku"])

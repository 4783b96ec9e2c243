"""Goods that come in: their lines, dates, places and names, told through both systems."""

import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from acceptance import told
from acceptance.closing import MONTH, close
from acceptance.merchant import Merchant, quantities
from acceptance.test_changed_orders import edit, receive, stow
from acceptance.test_deciding import decide, drifts, standing
from acceptance.test_goods_that_come_in import received
from acceptance.test_purchase_orders import order_id
from acceptance.test_stowed_lines import lot_item, of_lot
from acceptance.test_whose_wro import arrive_whole, by_hand, enter, numbered, pushed
from acceptance.told import EUROPE, OWN_WAREHOUSE, ends_right, number_of, units, waits
from ml_connector.reconcile.compare.kinds import Kind
from ml_connector.reconcile.month import Month

NEXT_MONTH = Month.of(MONTH.after)


@pytest.fixture(scope="module")
def furnished(quiet: Merchant) -> Merchant:
    told.furnish(quiet)
    told.apply(quiet)
    return quiet


@pytest.fixture
def acme(furnished: Merchant) -> Merchant:
    return furnished


@pytest.fixture
def applying(furnished: Merchant) -> Iterator[Merchant]:
    """The merchant of a story that applies the connection otherwise."""
    furnished.world.netsuite.preferences.over_receipts = True
    yield furnished
    furnished.world.netsuite.preferences.over_receipts = False
    told.apply(furnished)


def test_lines_of_other_prices_and_dates_are_taken_by_their_location(acme: Merchant) -> None:
    sku, number, today = acme.sku("TEE"), number_of(acme), datetime.now(UTC).date()
    lines = [(9, 30, "3.90", 3), (7, 10, "4.50", 30), (6, 20, "4.20", 9), (6, 5, "5.10", 2)]
    acme.world.netsuite.add_purchase_order(
        number,
        vendor=301,
        lines=[
            {
                "item": sku,
                "quantity": quantity,
                "rate": rate,
                "location": location,
                "expectedReceiptDate": (today + timedelta(days=days)).isoformat(),
            }
            for location, quantity, rate, days in lines
        ],
    )
    key = order_id(acme, number)
    assert pushed(acme, key) == ("done", None)
    there, here = numbered(acme, number), numbered(acme, f"{number}-2")
    arrive_whole(acme, here)
    states = [receive(acme, here)]
    between = received(acme, number)
    states += [str(pushed(acme, key)[0])]
    arrive_whole(acme, there)
    states += [receive(acme, there), str(pushed(acme, key)[0])]

    assert (there.center_id, here.center_id, states) == (10, 228, ["done"] * 4)
    assert between == {1: 0, 2: 0, 3: 20, 4: 5}
    assert received(acme, number) == {1: 0, 2: 10, 3: 20, 4: 5}
    assert units(acme, sku)[1].get(f"{sku} at {OWN_WAREHOUSE}") is None
    ends_right(acme, sku)


@pytest.mark.parametrize("policy", ["receive", "park", "refuse"])
def test_surplus_at_one_location_goes_by_policy_though_another_expects_more(
    applying: Merchant, policy: str
) -> None:
    acme = applying
    told.apply(acme, f'over_receipt = "{policy}"')
    sku, number = acme.sku("TEE"), number_of(acme)
    enter(acme, number, (sku, 40, 7), (sku, 10, 6))
    wro = by_hand(acme, number, sku, 12)
    arrive_whole(acme, wro)
    first = receive(acme, wro), received(acme, number), wro.external_sync is not None
    open_ = waits(acme, wro)
    if policy == "park":
        edit(acme, number, 2, quantity=12)
        receive(acme, wro)
    if policy == "refuse":
        acme.world.netsuite.add_to_stock(sku, 6, 2)

    taken = 12 if policy == "receive" else 10
    cause = "over_receipt" if policy == "park" else "done"
    assert first == (cause, {1: 0, 2: taken}, policy != "park")
    assert open_ == (policy == "park")
    assert standing(acme, wro) == ("done", None)
    assert wro.external_sync is not None
    ends_right(acme, sku)


def test_variants_that_shipbob_has_merged_are_one_line(acme: Merchant) -> None:
    shipbob, old, sku, number = (
        acme.world.shipbob,
        acme.sku("OLD"),
        acme.sku("TEE"),
        number_of(acme),
    )
    enter(acme, number, (sku, 30, 6))
    wro = shipbob.create_wro(
        boxes=[{old: 10}, {sku: 20}], purchase_order_number=number, fulfillment_center_id=228
    )
    target, other = (shipbob.books.products.find(one) for one in (sku, old))
    for box in wro.boxes:
        for item in box.items:
            item.inventory_id = target.inventory_id
    other.active = False
    arrive_whole(acme, wro)

    assert receive(acme, wro) == "done"
    assert [quantities(one) for one in acme.documents(wro)] == [[30]]
    ends_right(acme, sku)


def test_what_an_order_of_another_company_holds_is_a_persons_matter(acme: Merchant) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    enter(acme, number, (sku, 7, 6))
    loose = acme.deliver({sku: 5}, center=20)
    astray = acme.deliver({sku: 7}, number=number, center=20)
    states = receive(acme, loose), receive(acme, astray)
    red = waits(acme, astray)
    adjusted = acme.world.netsuite.add_to_stock(sku, 8, 7, subsidiary=EUROPE)
    decide(acme, astray, "handled", "--document", str(adjusted))

    assert (states, red) == (("done", "subsidiary_unclear"), True)
    assert [one["subsidiary"]["id"] for one in acme.documents(loose)] == [str(EUROPE)]
    assert standing(acme, astray) == ("done", None)
    assert acme.documents(astray) == []
    ends_right(acme, sku)


def test_a_location_of_two_companies_takes_the_one_of_the_order(acme: Merchant) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    acme.world.netsuite.add_purchase_order(
        number,
        vendor=300 + EUROPE + 50,
        subsidiary=EUROPE,
        lines=[{"item": sku, "quantity": 5, "rate": "4.20", "location": 30}],
    )
    wro = acme.deliver({sku: 7}, number=number, center=40)
    state = receive(acme, wro)
    surplus, receipt = acme.documents(wro)

    assert state == "done"
    assert [quantities(one) for one in (receipt, surplus)] == [[5], [2]]
    assert surplus["subsidiary"]["id"] == str(EUROPE)
    ends_right(acme, sku)


def test_a_location_of_two_companies_without_an_order_is_a_persons_matter(acme: Merchant) -> None:
    sku = acme.sku("TEE")
    wro = acme.deliver({sku: 4}, center=40)
    stopped = receive(acme, wro), acme.subject(wro)["sentence"]
    red = waits(acme, wro)
    adjusted = acme.world.netsuite.add_to_stock(sku, 30, 4, subsidiary=EUROPE)
    decide(acme, wro, "handled", "--document", str(adjusted))

    assert (stopped[0], red) == ("subsidiary_unclear", True)
    assert f"belongs to several (1, {EUROPE})" in stopped[1]
    assert standing(acme, wro) == ("done", None)
    assert acme.documents(wro) == []
    ends_right(acme, sku)


def test_of_several_completions_the_last_dates_the_receipt(acme: Merchant) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    enter(acme, number, (sku, 7, 6))
    wro = by_hand(acme, number, sku, 7)
    arrive_whole(acme, wro)
    status, last = wro.history[-1]
    wro.history[-1:] = [(status, last - timedelta(days=40)), (status, last)]

    assert receive(acme, wro) == "done"
    [made] = acme.documents(wro)
    assert date.fromisoformat(str(made["tranDate"])) > (last - timedelta(days=3)).date()
    ends_right(acme, sku)


def test_a_lot_expires_on_the_day_that_shipbob_writes(acme: Merchant) -> None:
    lot, number = lot_item(acme), number_of(acme)
    enter(acme, number, (lot, 6, 6))
    wro = by_hand(acme, number, lot, 6)
    of_lot(wro, [datetime(2027, 6, 30, 23, 59, tzinfo=UTC)])
    arrive_whole(acme, wro)

    assert receive(acme, wro) == "done"
    assert "'2027-06-30'" in str(acme.documents(wro))
    ends_right(acme, lot)


def test_what_was_matched_once_stays_matched_though_its_name_goes_to_another_item(
    acme: Merchant,
) -> None:
    sku, number = acme.sku("TEE"), number_of(acme)
    enter(acme, number, (sku, 20, 6))
    wro = by_hand(acme, number, sku, 20)
    acme.world.shipbob.arrive(wro)
    stow(acme, wro, {sku: 5})
    first = receive(acme, wro)
    books = acme.world.netsuite.books
    [item] = books.rows("SELECT id FROM _item WHERE itemid = ?", (sku,))
    books.update("_item", {"itemid": f"{sku}-OLD", "fullname": f"{sku}-OLD"}, id=item["id"])
    acme.world.netsuite.add_item(sku, cost="9.90")
    arrive_whole(acme, wro)
    second = receive(acme, wro)
    shipbob, netsuite = units(acme, sku, f"{sku}-OLD")
    books.update("_item", {"itemid": f"{sku}-NEW", "fullname": f"{sku}-NEW"}, itemid=sku)
    books.update("_item", {"itemid": sku, "fullname": sku}, id=item["id"])

    assert (first, second) == ("done", "done")
    assert (shipbob, netsuite) == ({f"{sku} at 6": 20}, {f"{sku}-OLD at 6": 20})
    ends_right(acme, sku)


@pytest.mark.parametrize(
    ("in_shipbob", "in_netsuite", "by"),
    [
        ("Caf\u00e9", unicodedata.normalize("NFD", "Caf\u00e9"), "Unicode"),
        ("\uff34\uff25\uff25", "TEE", "width"),
        ("tee", "TEE", "case"),
    ],
)
def test_names_that_look_alike_are_named_as_such_and_taken_by_exception_only(
    applying: Merchant, in_shipbob: str, in_netsuite: str, by: str
) -> None:
    acme, tail = applying, f"-{next(applying.numbers)}"
    sku, item = in_shipbob + tail, in_netsuite + tail
    acme.world.shipbob.add_product(sku)
    acme.world.netsuite.add_item(item, cost="4.20")
    number = number_of(acme)
    enter(acme, number, (item, 5, 6))
    wro = by_hand(acme, number, sku, 5)
    arrive_whole(acme, wro)
    stopped = receive(acme, wro), acme.subject(wro)["remedy"]
    red = waits(acme, wro)
    told.apply(acme, skus=f'"{sku}" = "{item}"')
    receive(acme, wro)

    assert (stopped[0], red) == ("sku_missing_in_netsuite", True)
    assert by in stopped[1]
    assert standing(acme, wro) == ("done", None)
    shipbob, netsuite = units(acme, sku, item)
    assert (shipbob, netsuite) == ({f"{sku} at 6": 5}, {f"{item} at 6": 5})
    ends_right(acme)


def test_two_children_of_one_name_are_told_apart_by_a_person_only(applying: Merchant) -> None:
    acme, sku, number = applying, f"M-{next(applying.numbers)}", number_of(applying)
    netsuite = acme.world.netsuite
    parents = [netsuite.add_item(f"{name}-{sku}") for name in ("TEE", "HOODIE")]
    tee, _ = (netsuite.add_item(sku, parent=parent, cost="4.20") for parent in parents)
    acme.world.shipbob.add_product(sku)
    netsuite.add_purchase_order(
        number,
        vendor=301,
        lines=[{"item": tee, "quantity": 5, "rate": "4.20", "location": 6}],
    )
    wro = by_hand(acme, number, sku, 5)
    arrive_whole(acme, wro)
    stopped = receive(acme, wro)
    red = waits(acme, wro)
    told.apply(acme, skus=f'"{sku}" = "TEE-{sku} : {sku}"')
    receive(acme, wro)

    assert (stopped, red) == ("sku_ambiguous", True)
    assert standing(acme, wro) == ("done", None)
    assert [quantities(one) for one in acme.documents(wro)] == [[5]]
    ends_right(acme)


def test_goods_of_which_nothing_shows_that_their_hub_sent_them_on_are_shown_until_moved(
    acme: Merchant,
) -> None:
    sku = acme.sku("TEE")
    wro = acme.announce({sku: 6}, center=31)
    acme.world.shipbob.stow(wro)
    acme.world.shipbob.complete(wro)
    state = receive(acme, wro)
    [run] = acme.rows(
        "select decision ->> 'note' as note from run where subject_id ="
        " (select id from subject where key = %(key)s) order by id limit 1",
        key=str(wro.id),
    )
    apart = units(acme, sku)
    shown = {row["location"]: row["drift"] for row in drifts(acme) if row["sku"] == sku}
    on_their_way = close(acme).report.of(Kind.IN_TRANSIT)
    [carried] = close(acme, month=NEXT_MONTH).report.of(Kind.IN_TRANSIT)
    acme.world.netsuite.add_to_stock(sku, 20, -6)
    acme.world.netsuite.add_to_stock(sku, 21, 6)

    assert state == "done"
    assert [(one.source, one.what, one.where, one.netsuite) for one in on_their_way] == [
        (f"wro {wro.id}", sku, "20", Decimal(6))
    ]
    assert on_their_way[0].says.endswith(
        "goes to location 21; nothing shows that they moved to center 31"
    )
    assert (carried.source, carried.netsuite) == (f"wro {wro.id}", Decimal(6))
    assert close(acme).report.of(Kind.IN_TRANSIT) == ()
    assert close(acme, month=NEXT_MONTH).report.of(Kind.IN_TRANSIT) == ()
    assert run["note"].endswith("nothing shows that they moved to center 31")
    assert apart == ({f"{sku} at 21": 6}, {f"{sku} at 20": 6})
    assert shown == {"21": 6}
    ends_right(acme, sku)

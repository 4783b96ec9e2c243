"""Orders in cases of twelve through both systems: announced in eaches, received in cases."""

from acceptance.in_process import sync
from acceptance.merchant import Merchant, quantities
from acceptance.test_purchase_orders import expected, order_id, wros_of
from ml_connector.sim.shipbob.books.receiving import Wro

CASE = 12


def in_cases(acme: Merchant, cases: int, *, name: str = "TEE") -> tuple[str, str]:
    """Order an item by the case; return its SKU and the order's number."""
    sku = f"{name}-{next(acme.numbers)}"
    units = acme.world.netsuite.add_units(f"Count {sku}", {"Each": 1, "Case": CASE})
    acme.world.netsuite.add_item(sku, units=units, purchase_unit="Case", cost="4.20")
    acme.world.shipbob.add_product(sku)
    return sku, acme.order({sku: cases})


def announced(acme: Merchant, number: str) -> Wro:
    [told] = sync(acme, "purchase-orders", [order_id(acme, number)])
    [wro] = wros_of(acme, number)
    assert told["state"] == "done"
    return wro


def received(acme: Merchant, wro: Wro) -> list[tuple[str, list[int]]]:
    """Return what was posted for a WRO: record types and quantities."""
    return [
        (str(document["recordType"]), [int(one) for one in quantities(document)])
        for document in acme.documents(wro)
    ]


def open_units(acme: Merchant, wro: Wro) -> dict[str, int]:
    """Return the units of a WRO that are stowed and not posted, as the installation says."""
    [row] = acme.rows(
        "select (sum(l.quantity) - (select sum(j.quantity) from journal as j"
        "  where j.source = %(source)s))::int as units"
        " from source_line as l join subject as s on s.id = l.subject_id"
        " where s.flow = 'receiving' and s.key = %(key)s and s.unexplained = 0",
        source=f"wro {wro.id}",
        key=str(wro.id),
    )
    return row


def test_cases_are_announced_in_eaches_and_received_in_cases(quiet: Merchant) -> None:
    shipbob = quiet.world.shipbob
    sku, number = in_cases(quiet, 10)
    wro = announced(quiet, number)
    shipbob.stow(shipbob.arrive(wro), {sku: 30})
    [halfway] = sync(quiet, "receiving", [str(wro.id)])
    part, between, waited = received(quiet, wro), quiet.books(sku), open_units(quiet, wro)
    shipbob.complete(shipbob.stow(wro, {sku: 90}))
    [ended] = sync(quiet, "receiving", [str(wro.id)])
    [again] = sync(quiet, "purchase-orders", [order_id(quiet, number)])

    assert expected(wro) == 120
    assert part == [("itemReceipt", [2])]
    assert between == ({(sku, 6): 30}, {(sku, 6): 24}, {(sku, 6): 24})
    assert (halfway["state"], ended["state"]) == ("done", "done")
    assert waited == {"units": 6}
    assert received(quiet, wro) == [("itemReceipt", [2]), ("itemReceipt", [8])]
    assert quiet.books(sku) == ({(sku, 6): 120},) * 3
    assert (again["state"], len(wros_of(quiet, number))) == ("done", 1)


def test_what_fills_no_case_in_the_end_is_shown_and_never_rounded(quiet: Merchant) -> None:
    shipbob = quiet.world.shipbob
    sku, number = in_cases(quiet, 3)
    wro = announced(quiet, number)
    shipbob.complete(shipbob.stow(shipbob.arrive(wro), {sku: 31}))
    [ended] = sync(quiet, "receiving", [str(wro.id)])

    assert (ended["state"], ended["cause"]) == ("dead", "unit_differs")
    assert f"7 x {sku} fill no whole unit of 12" in ended["sentence"]
    assert received(quiet, wro) == [("itemReceipt", [2])]
    assert quiet.books(sku) == ({(sku, 6): 31}, {(sku, 6): 24}, {(sku, 6): 24})
    assert open_units(quiet, wro) == {"units": 7}


def test_a_part_of_an_order_in_cases_is_announced_without_what_has_come(
    quiet: Merchant,
) -> None:
    sku, number = in_cases(quiet, 10)
    quiet.world.netsuite.transform(
        "purchaseOrder",
        int(order_id(quiet, number)),
        "itemReceipt",
        {"item": {"items": [{"orderLine": 1, "quantity": 4, "location": {"id": 6}}]}},
    )
    wro = announced(quiet, number)

    assert expected(wro) == 72
    assert quiet.books(sku).netsuite == {(sku, 6): 48}


def test_cases_are_refused_where_the_policy_says_so(unserved: Merchant) -> None:
    unserved.apply(policies='purchase_unit = "refuse"')
    _, number = in_cases(unserved, 2)
    [told] = sync(unserved, "purchase-orders", [order_id(unserved, number)])
    unserved.apply(policies='purchase_unit = "convert"')
    sync(unserved, "purchase-orders", [order_id(unserved, number)])
    [wro] = wros_of(unserved, number)

    assert (told["state"], told["cause"]) == ("dead", "unit_differs")
    assert "not in eaches" in told["sentence"]
    assert expected(wro) == 24

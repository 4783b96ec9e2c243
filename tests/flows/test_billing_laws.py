"""Laws of billing that hold for all charges, in every order, and every history of an invoice."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from random import Random

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from golden import SETTINGS
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsData, NeedsHuman
from ml_connector.flows.billing.facts import BillingFacts
from ml_connector.flows.billing.invoice_lines import InvoiceFact, grouped
from ml_connector.flows.billing.money import in_whole_units, smallest_unit
from ml_connector.flows.billing.plan import plan, source_lines
from ml_connector.ledger.postings.documents import CreateBill, Document, Plan, Posted
from ml_connector.ledger.sources.charges import Charge, StoredTax, summed
from ml_connector.words import Cause

DAY = date(2026, 11, 23)
CURRENCIES = {"JPY": 0, "USD": 2, "KWD": 3}
FEES = ("Shipping", "Per Pick Fee", "WRO Receiving Fee", "Lunar Fee")
TYPES = ("Charge", "Charge", "Refund", "Credit", "Payment", "BalanceAdjustment", "Surcharge")
CENTERS = (None, "Moreno Valley (CA)", "Cicero (IL)")


def settings(**billing: object) -> ConnectionSettings:
    table = {**SETTINGS["billing"], "tax_account": "71", **billing}
    return ConnectionSettings.model_validate({**SETTINGS, "billing": table})


@st.composite
def charges(draw: st.DrawFn, currency: str, most: int = 12) -> list[Charge]:
    """Whole units of the currency; refunds and credits are negative."""
    unit = smallest_unit(currency)
    made = []
    for number in range(draw(st.integers(0, most))):
        kind = draw(st.sampled_from(TYPES))
        units = draw(st.integers(1, 5000))
        tax = draw(st.integers(0, 20))
        sign = -1 if kind in {"Refund", "Credit", "Payment"} else 1
        made.append(
            Charge(
                transaction_id=f"T{number}",
                type=kind,
                fee=draw(st.sampled_from(FEES)),
                amount=sign * units * unit,
                currency=currency,
                taxes=(StoredTax(tax_type="GST", tax_amount=sign * tax * unit),) if tax else (),
                tax=sign * tax * unit,
                reference_type=draw(st.sampled_from(("Shipment", "Drone", None))),
                center=draw(st.sampled_from(CENTERS)),
            )
        )
    return made


FEW = examples(max_examples=40)

invoices = st.sampled_from(tuple(CURRENCIES)).flatmap(
    lambda currency: st.tuples(st.just(currency), charges(currency))
)


def facts_of(
    currency: str, found: Sequence[Charge], amount: Decimal | None = None, *, on_top: bool = False
) -> BillingFacts:
    total = sum((one.amount + (one.tax if on_top else 0) for one in found), Decimal(0))
    return BillingFacts(
        key="71823",
        invoice=InvoiceFact(
            id=71823,
            type="Shipping",
            day=DAY,
            amount=total if amount is None else amount,
            currency=currency,
        ),
        groups=grouped(map(summed, found)),
        listed=len(found),
    )


def signed(document: Document) -> Decimal:
    """What a document comes to; a credit is negative."""
    assert isinstance(document.request, CreateBill)
    total = sum((line.amount for line in document.request.body.expense.items), Decimal(0))
    assert total >= 0
    return -total if document.kind == "vendorCredit" else total


def journal(document: Document) -> Decimal:
    return sum((line.amount or Decimal(0) for line in document.lines), Decimal(0))


def refused(decided: Plan) -> Decimal:
    return sum((one.amount or Decimal(0) for one in decided.refused), Decimal(0))


def posted(documents: Sequence[Document]) -> list[Posted]:
    return [
        Posted(
            system=one.system,
            kind=one.kind,
            external_id=one.external_id,
            remote_id="1",
            lines=one.lines,
        )
        for one in documents
    ]


@FEW
@given(
    invoice=invoices,
    amounts=st.sampled_from(("net", "gross")),
    taxes=st.sampled_from(("include", "separate")),
)
def test_what_is_posted_and_refused_comes_to_the_invoice(
    invoice: tuple[str, list[Charge]], amounts: str, taxes: str
) -> None:
    currency, found = invoice
    facts = facts_of(currency, found, on_top=amounts == "net")
    decided = plan(facts, (), settings(taxes=taxes))

    assert facts.invoice is not None
    assert sum(map(signed, decided.documents), Decimal(0)) == sum(
        map(journal, decided.documents), Decimal(0)
    )
    assert (
        sum(map(signed, decided.documents), Decimal(0)) + refused(decided) == facts.invoice.amount
    )


@FEW
@given(invoice=invoices)
def test_every_line_of_the_source_is_posted_or_refused_and_never_both(
    invoice: tuple[str, list[Charge]],
) -> None:
    facts = facts_of(*invoice)
    decided = plan(facts, (), settings())
    on_documents = {line.source_line for one in decided.documents for line in one.lines}
    kept_out = {one.source_line for one in decided.refused}

    assert on_documents & kept_out == set()
    assert {one.source_line for one in source_lines(facts, settings())} <= on_documents | kept_out


@FEW
@given(invoice=invoices, seed=st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_nothing(
    invoice: tuple[str, list[Charge]], seed: Random
) -> None:
    currency, found = invoice
    shuffled = list(found)
    seed.shuffle(shuffled)

    first = plan(facts_of(currency, found), (), settings())
    assert plan(facts_of(currency, shuffled), (), settings()) == first


@FEW
@given(invoice=invoices)
def test_planning_again_posts_nothing(invoice: tuple[str, list[Charge]]) -> None:
    facts = facts_of(*invoice)
    decided = plan(facts, (), settings())

    assert plan(facts, posted(decided.documents), settings()).documents == ()


@FEW
@given(
    currency=st.sampled_from(tuple(CURRENCIES)),
    data=st.data(),
)
def test_corrections_bring_the_books_to_the_invoice_and_edit_nothing(
    currency: str, data: st.DataObject
) -> None:
    found = data.draw(charges(currency))
    documents: list[Document] = []
    for _ in range(3):
        facts = facts_of(currency, found)
        owed = sum((one.amount for one in facts.groups if not one.never_billed), Decimal(0))
        assert facts.invoice is not None
        try:
            decided = plan(facts, posted(documents), settings())
        except NeedsHuman:  # other lines at the same total
            assert sum(map(signed, documents), Decimal(0)) == owed
        else:
            documents += decided.documents
            billed = sum(map(signed, documents), Decimal(0))
            assert billed + refused(decided) == facts.invoice.amount
        more = data.draw(charges(currency, most=4))
        found = [*found, *more]

    assert len({one.external_id for one in documents}) == len(documents)


@FEW
@given(currency=st.sampled_from(tuple(CURRENCIES)), data=st.data())
def test_what_is_taken_back_is_owed_whole_once_the_invoice_changes(
    currency: str, data: st.DataObject
) -> None:
    found = data.draw(charges(currency))
    first = plan(facts_of(currency, found), (), settings()).documents
    assume(first)
    undone = [msgspec.structs.replace(one, undone=True) for one in posted(first)]

    assert plan(facts_of(currency, found), undone, settings()).documents == ()

    facts = facts_of(currency, [*found, *data.draw(charges(currency, most=4))])
    assume(facts.groups != facts_of(currency, found).groups)
    decided = plan(facts, undone, settings())
    assert facts.invoice is not None
    billed = sum(map(signed, decided.documents), Decimal(0))

    if "took it back" in decided.note:  # only a payment or a balance came
        assert not decided.documents
    else:
        assert billed + refused(decided) == facts.invoice.amount
    assert not {one.external_id for one in decided.documents} & {one.external_id for one in first}


@FEW
@given(invoice=invoices, units=st.integers(-300, 300))
def test_a_bill_that_does_not_tie_is_never_posted(
    invoice: tuple[str, list[Charge]], units: int
) -> None:
    currency, found = invoice
    total = sum((one.amount for one in found), Decimal(0))
    gross = total + sum((one.tax for one in found), Decimal(0))
    amount = total + units * smallest_unit(currency)
    costs = [one for one in found if one.type not in {"Payment", "BalanceAdjustment"}]
    net = sum((one.amount for one in costs), Decimal(0))
    assume(amount not in {total, gross, net, net + sum((one.tax for one in costs), Decimal(0))})

    with pytest.raises(NeedsData) as stopped:
        plan(facts_of(currency, found, amount), (), settings())

    assert stopped.value.cause is Cause.INVOICE_DOES_NOT_TIE


@FEW
@given(
    amounts=st.lists(st.decimals(-1000, 1000, places=5, allow_nan=False), min_size=1, max_size=20),
    currency=st.sampled_from(tuple(CURRENCIES)),
)
def test_rounding_moves_no_amount_by_a_unit_and_keeps_the_total(
    amounts: list[Decimal], currency: str
) -> None:
    unit = smallest_unit(currency)
    total = sum(amounts, Decimal(0)).quantize(unit)
    assume(abs(sum(amounts, Decimal(0)) - total) * 2 < unit)
    whole = in_whole_units(amounts, total, unit)

    assert sum(whole, Decimal(0)) == total
    assert all(abs(one - exact) < unit for one, exact in zip(whole, amounts, strict=True))
    assert all(one % unit == 0 for one in whole)
    assert in_whole_units(whole, total, unit) == whole

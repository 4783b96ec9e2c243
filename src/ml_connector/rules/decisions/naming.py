"""Looking up what a person names in a decision."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from ml_connector.errors import UserError
from ml_connector.ledger.decisions.decisions import NamedDocument
from ml_connector.netsuite.queries.transactions import TransactionHeader
from ml_connector.reads.reads import Reads
from ml_connector.rules.decisions.decided import (
    SALES_ORDER,
    document_name,
    order_document,
    purchase_order_now,
    return_authorization_document,
    return_authorization_now,
    sales_order_document,
    sales_order_now,
    type_name,
)


async def named_document(
    number: str, reads: Reads, types: Collection[str], *, ours_too: bool = False
) -> NamedDocument:
    """Return a document that somebody else posted, by its number or its internal id.

    Args:
        number: of the document, or its internal id.
        reads: of the connection.
        types: of NetSuite, that it may have.
        ours_too: whether it may be ours, changed by a person.

    Raises:
        UserError: there is none that can be meant, or there are several; or it is ours, or does
            not count.
    """
    wanted = " or ".join(type_name(one) for one in types)
    headers = await reads.documents.headers(number)
    found = [one for one in headers if one.type in types]
    if len(found) > 1:
        raise _refused(
            f"NetSuite has several documents with the number {number}: {_listed(found)}",
            "Name the one that is meant by its internal id.",
        )
    if found:
        document = await reads.documents.by_id(found[0].id)
    elif number.isascii() and number.isdigit():
        document = await reads.documents.by_id(number)
    else:
        document = None
    if document is None or document.type not in types:
        others = f"; it has {_listed(headers)}" if headers and not found else ""
        raise _refused(
            f"{number} moves no stock" if found else f"NetSuite has no {wanted} {number}{others}",
            f"Give the number of the {wanted} as NetSuite shows it.",
        )
    _check(document, ours_too=ours_too)
    return document


def _check(document: NamedDocument, *, ours_too: bool) -> None:
    name = document_name(document)
    if document.ours and not ours_too:
        raise _refused(
            f"{name} is ours: it is in the journal, and accounts for what it was posted for",
            "Name the document that somebody else posted.",
        )
    if document.voided:
        raise _refused(
            f"{name} is voided, or not posted: it accounts for nothing",
            "Name a document that is posted.",
        )


async def named_purchase_order(number: str, reads: Reads) -> NamedDocument:
    """Return a purchase order by its number, or by its internal id.

    Raises:
        UserError: there is none, or there are several.
    """
    found = [order_document(one) for one in await reads.orders(number)]
    return await named_order(number, found, lambda one: purchase_order_now(one, reads))


async def named_sales_order(number: str, reads: Reads) -> NamedDocument:
    """Return a sales order by its number, or by its internal id.

    Raises:
        UserError: there is none, or there are several.
    """
    found = [
        sales_order_document(one)
        for one in await reads.shipments.sales_orders_with("tranid", number)
    ]
    return await named_order(
        number, found, lambda one: sales_order_now(one, reads), what="sales order"
    )


async def named_return_order(number: str, reads: Reads) -> NamedDocument:
    """Return a return authorization, or else a sales order, by its number or its internal id.

    Raises:
        UserError: there is none, or there are several; or it is an authorization of ours, which
            is of the return that it was made for.
    """
    found = [
        return_authorization_document(one)
        for one in await reads.returns.authorizations(number)
        if one.tranid == number
    ]
    if not found:
        found = [
            sales_order_document(one)
            for one in await reads.shipments.sales_orders_with("tranid", number)
        ]

    async def with_id(order_id: str) -> NamedDocument | None:
        authorization = await return_authorization_now(order_id, reads)
        return authorization or await sales_order_now(order_id, reads)

    what = "sales order" if found and found[0].type == SALES_ORDER else "return authorization"
    named = await named_order(number, found, with_id, what=what)
    if named.ours:
        raise _refused(
            f"{document_name(named)} is ours: it is of the return that it was made for",
            "Name the authorization or the sales order that the customer's return is of.",
            where="--value",
        )
    return named


async def named_order(
    number: str,
    found: Sequence[NamedDocument],
    by_id: Callable[[str], Awaitable[NamedDocument | None]],
    *,
    what: str = "purchase order",
) -> NamedDocument:
    """Return the one order that a person means.

    Args:
        number: what the person gave: its number, or its internal id.
        found: the orders with that number.
        by_id: reads an order by its internal id.
        what: how people call such an order.

    Raises:
        UserError: there is none, or there are several.
    """
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise _refused(
            f"NetSuite has {len(found)} {what}s {number}: internal ids {ids}",
            "Name the one that is meant by its internal id.",
            where="--value",
        )
    order = found[0] if found else None
    if order is None and number.isascii() and number.isdigit():
        order = await by_id(number)
    if order is None:
        raise _refused(
            f"NetSuite has no {what} {number}",
            "Give the number as NetSuite shows it, in the same letters.",
            where="--value",
        )
    return order


def _listed(headers: Sequence[TransactionHeader]) -> str:
    return ", ".join(f"{type_name(one.type)} (id {one.id})" for one in headers)


def _refused(what: str, next_step: str, *, where: str = "--document") -> UserError:
    return UserError(what, where=where, next_step=next_step)

"""Flows of which one rule is switched wrong, and that believe it.

A flow is a value: the same flow with another ``plan`` is another build of it. What it says of its
source's lines follows from what it plans, so that by its own books it is always right.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from acceptance.merchant import Merchant
from ml_connector.app.installation.contexts import ConnectionContexts
from ml_connector.app.installation.installation import open_installation
from ml_connector.config.connection import ConnectionSettings
from ml_connector.engine.converge import Converge
from ml_connector.engine.flow import Flow, SweepResult
from ml_connector.engine.inbox.sweep import tell
from ml_connector.errors import ConnectorError
from ml_connector.flows import FLOWS
from ml_connector.flows.billing.documents import BILLS
from ml_connector.ledger.postings.bills import ExpenseLine, Expenses
from ml_connector.ledger.postings.documents import (
    Document,
    JournalLine,
    Plan,
    Posted,
    RefusedUnits,
    SourceLine,
)

Facts = Callable[[Any], Any]
Settings = Callable[[ConnectionSettings], ConnectionSettings]
Planned = Callable[[Plan], Plan]


def _same(one: Any) -> Any:
    return one


def wrong(
    name: str, *, facts: Facts = _same, settings: Settings = _same, plan: Planned = _same
) -> Flow:
    """Return a flow that reads its facts, its settings or its own plan wrongly."""
    flow = FLOWS[name]

    def planned(seen: Any, posted: Sequence[Posted], known: ConnectionSettings) -> Plan:
        decided = flow.plan(facts(seen), posted, settings(known))
        return decided if posted else plan(decided)

    def believed(seen: Any, known: ConnectionSettings) -> Sequence[SourceLine]:
        lines = flow.source_lines(facts(seen), settings(known))
        try:
            return list(_as_planned(lines, planned(seen, (), known)))
        except ConnectorError:
            return lines  # all of it waits

    return replace(flow, plan=planned, source_lines=believed)


def _as_planned(lines: Sequence[SourceLine], decided: Plan) -> Iterator[SourceLine]:
    """Yield the lines with the numbers that a plan accounts for."""
    told: dict[str, list[JournalLine | RefusedUnits]] = defaultdict(list)
    for made in decided.documents:
        for one in made.lines:
            told[one.source_line].append(one)
    for left in decided.refused:
        told[left.source_line].append(left)
    for line in lines:
        parts = told[line.source_line]
        units = [one.quantity for one in parts if one.quantity is not None]
        money = [one.amount for one in parts if one.amount is not None]
        yield msgspec.structs.replace(
            line,
            quantity=sum(units) if units else line.quantity,
            amount=sum(money, Decimal(0)) if money else line.amount,
        )


def converge(acme: Merchant, runs: Sequence[tuple[Flow, int]]) -> list[str]:
    """Let each flow run its source, as a worker of its build would; return how they ended."""

    async def each() -> list[str]:
        async with open_installation(acme.settings) as installation:
            contexts = ConnectionContexts(installation)
            for flow, key in runs:
                async with installation.database.transaction() as on:
                    seen = [SweepResult(key=str(key))]
                    await tell(on, installation.lanes, "acme", flow, seen, source="person")
                [row] = await installation.database.fetch(
                    "select id, job_id from subject where flow = %(flow)s and key = %(key)s",
                    {"flow": flow.name, "key": str(key)},
                )
                run = Converge(
                    installation.database,
                    {**FLOWS, flow.name: flow},
                    contexts.open,
                    installation.lanes,
                    worker=installation.holder,
                )
                await run(row["id"], row["job_id"], "acme")
            ended = await installation.database.fetch("select state, sentence, key from subject")
        by_key = {row["key"]: f"{row['state']} {row['sentence'] or ''}".strip() for row in ended}
        return [by_key[str(key)] for _, key in runs]

    return asyncio.run(each())


def every_document(change: Callable[[Document], Document]) -> Planned:
    """Change what is written to NetSuite."""

    def planned(decided: Plan) -> Plan:
        return msgspec.structs.replace(
            decided,
            documents=tuple(
                change(one) if one.system == "netsuite" and one.lines else one
                for one in decided.documents
            ),
        )

    return planned


def _edited(document: Document, **fields: Any) -> Document:
    """Return a document with other fields in the body of its request, by REST's names."""
    request: Any = document.request
    body: Any = {**msgspec.to_builtins(request.body), **fields}
    if not isinstance(request.body, dict):
        body = msgspec.convert(body, type(request.body))
    return msgspec.structs.replace(document, request=msgspec.structs.replace(request, body=body))


def counted(change: Callable[[int], int]) -> Planned:
    """Let each document move another number of units than the fact says."""

    def changed(units: int) -> int:
        return change(units) if units > 0 else -change(-units)

    def document(one: Document) -> Document:
        request: Any = one.request
        sublist = "item" if "item" in request.body else "inventory"
        quantity = "quantity" if sublist == "item" else "adjustQtyBy"
        items = [
            {**line, quantity: changed(line[quantity])} if quantity in line else line
            for line in request.body[sublist]["items"]
        ]
        lines = tuple(
            line
            if line.quantity is None
            else msgspec.structs.replace(line, quantity=changed(line.quantity))
            for line in one.lines
        )
        made = _edited(one, **{sublist: {**request.body[sublist], "items": items}})
        return msgspec.structs.replace(made, lines=lines)

    return every_document(document)


def doubled(decided: Plan) -> Plan:
    """Write each document twice, under two external ids."""
    again = [
        msgspec.structs.replace(
            _edited(one, externalId=f"{one.external_id}-9", **_renumbered(one)),
            external_id=f"{one.external_id}-9",
        )
        for one in decided.documents
        if one.system == "netsuite" and one.lines
    ]
    return msgspec.structs.replace(decided, documents=(*decided.documents, *again))


def _renumbered(document: Document) -> dict[str, str]:
    """Return the next number of a bill: NetSuite takes none twice."""
    body: Any = document.request
    return {"tranId": f"{body.body.tran_id}-9"} if document.kind in BILLS else {}


REFUSAL: Final = "Somebody else has it already"


def dropped(decided: Plan) -> Plan:
    """Believe that somebody else has booked all of it."""
    refused = [
        RefusedUnits(
            source_line=line.source_line,
            reason=REFUSAL,
            quantity=line.quantity,
            amount=line.amount,
            currency=line.currency,
        )
        for one in decided.documents
        if one.system == "netsuite"
        for line in one.lines
    ]
    return Plan(refused=tuple(refused), note=REFUSAL)


def dated(change: Callable[[date], date]) -> Planned:
    """Let documents carry another day than the fact's."""

    def document(one: Document) -> Document:
        day = change(one.lines[0].posting_date)
        lines = tuple(msgspec.structs.replace(line, posting_date=day) for line in one.lines)
        made = _edited(one, tranDate=day.isoformat())
        return msgspec.structs.replace(made, lines=lines)

    return every_document(document)


def of_item(item: str) -> Planned:
    """Let each line of a document be of this item of NetSuite's."""

    def document(one: Document) -> Document:
        request: Any = one.request
        lines = [{**line, "item": {"id": item}} for line in request.body["inventory"]["items"]]
        made = _edited(one, inventory={**request.body["inventory"], "items": lines})
        return msgspec.structs.replace(
            made, lines=tuple(msgspec.structs.replace(line, item=item) for line in one.lines)
        )

    return every_document(document)


def from_order(order: str) -> Planned:
    """Let documents be made from this order."""

    def document(one: Document) -> Document:
        request: Any = one.request
        return msgspec.structs.replace(
            one, request=msgspec.structs.replace(request, from_id=order)
        )

    return every_document(document)


def billed(change: Callable[[ExpenseLine], ExpenseLine], **fields: Any) -> Planned:
    """Change the lines of a bill, and these fields of it."""

    def document(one: Document) -> Document:
        request: Any = one.request
        before = request.body.expense.items
        after = tuple(map(change, before))
        body = msgspec.structs.replace(request.body, expense=Expenses(after), **fields)
        sign = -1 if request.record_type == "vendorCredit" else 1
        lines = tuple(
            msgspec.structs.replace(line, account=new.account.id, amount=sign * new.amount)
            for line, new in zip(one.lines, after, strict=True)
        )
        return msgspec.structs.replace(
            one, request=msgspec.structs.replace(request, body=body), lines=lines
        )

    return every_document(document)

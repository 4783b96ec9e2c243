"""What documents that NetSuite shows and the books lack have in common. Pure."""

import re
from datetime import date
from typing import Any

from ml_connector.engine.found import FoundRecord
from ml_connector.ledger.postings.documents import CreateRecord, TransformRecord
from ml_connector.words import DocumentKind


def fact_date_of(found: FoundRecord, word: str) -> date:
    """Return the day of the fact: our memos name it where the document carries another.

    Args:
        found: the record.
        word: that stands before the day in memos of its sort, such as ``stowed``.
    """
    said = re.search(rf", {word} (\d{{4}}-\d{{2}}-\d{{2}})\b", found.memo)
    try:
        return date.fromisoformat(said[1]) if said else found.date
    except ValueError:
        return found.date


def found_request(
    kind: DocumentKind, found: FoundRecord, *, from_type: str
) -> CreateRecord | TransformRecord:
    """Return the request for a record as far as NetSuite shows it: it is never sent.

    Args:
        kind: of the document.
        found: the record.
        from_type: of the order it was made from; adjustments are made from none.
    """
    body: dict[str, Any] = {
        "externalId": found.external_id,
        "tranDate": found.date.isoformat(),
        "memo": found.memo,
    }
    if kind == DocumentKind.INVENTORY_ADJUSTMENT:
        # Taking the adjustment back touches the same account.
        account = {"account": {"id": found.account}} if found.account else {}
        return CreateRecord(record_type=kind, body=body | account)
    return TransformRecord(
        from_type=from_type, from_id=found.created_from or "", to_type=kind, body=body
    )

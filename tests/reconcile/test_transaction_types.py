import json

import pytest

from golden import CASES, names
from ml_connector.flows import FLOWS
from ml_connector.reconcile.transaction_types import OF_OTHERS, TYPES
from ml_connector.words import ACCEPTED, DocumentKind


@pytest.mark.parametrize("flow", FLOWS)
def test_documents_that_move_units_or_money_in_netsuite_have_a_type_there(flow: str) -> None:
    moving = {
        document["kind"]
        for name in names(flow)
        for document in json.loads((CASES / flow / name / "expected.json").read_text("utf-8")).get(
            "documents", []
        )
        if document["system"] == "netsuite"
        and any((line["quantity"], line["amount"]) != (None, None) for line in document["lines"])
    }

    # What is accepted is a row of the journal alone: NetSuite has no document of it.
    assert moving - ACCEPTED <= set(TYPES)


def test_a_document_that_changes_a_record_is_of_its_type_and_keeps_its_external_id() -> None:
    update, made = DocumentKind.FULFILLMENT_UPDATE, DocumentKind.ITEM_FULFILLMENT

    assert (update.record_type, update.changes_record) == (made.record_type, True)
    assert (made.record_type, made.changes_record) == ("itemFulfillment", False)
    assert TYPES[update] == TYPES[made]
    assert (update in OF_OTHERS, made in OF_OTHERS) == (True, False)
    assert DocumentKind.RETURN_AUTHORIZATION not in TYPES

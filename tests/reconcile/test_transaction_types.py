import json

import pytest

from golden import CASES, names
from ml_connector.flows import FLOWS
from ml_connector.reconcile.transaction_types import TYPES


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

    assert moving <= set(TYPES)

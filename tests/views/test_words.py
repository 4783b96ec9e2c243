from typing import get_args

import pytest

from ml_connector.app.views.words import (
    FLOW_PATHS,
    FLOW_TITLES,
    Chip,
    document_count,
    document_title,
    state_shown,
    subject_title,
    topic_title,
)
from ml_connector.flows import FLOWS
from ml_connector.web.api.figures.flows import FlowName
from ml_connector.words import EVENT_STATUSES, DocumentKind


def test_each_flow_has_a_title_and_all_but_stock_and_months_a_page_of_subjects() -> None:
    assert FLOW_TITLES.keys() == FLOWS.keys()
    assert {*FLOW_PATHS.values(), "inventory", "month-end"} == FLOWS.keys()
    assert set(get_args(FlowName)) == FLOWS.keys()


@pytest.mark.parametrize("status", EVENT_STATUSES)
def test_each_status_has_a_word_and_a_colour(status: str) -> None:
    assert state_shown(status).chip in get_args(Chip)
    assert state_shown(status).word != status


def test_a_subject_that_is_tried_again_says_which_try_comes() -> None:
    assert state_shown("retrying", 2).word == "Try 3"


@pytest.mark.parametrize("kind", DocumentKind)
def test_each_kind_of_document_has_a_title(kind: str) -> None:
    assert " " in document_title(kind) or document_title(kind) != kind
    assert document_title("itemReceipt", "5002") == "Item receipt 5002"
    assert document_title("somethingNew") == "Something new"


def test_subjects_and_events_are_called_as_people_call_them() -> None:
    assert subject_title("receiving", "90311") == "WRO 90311"
    assert subject_title(None, None) == ""
    assert topic_title("wro.completed", "webhook") == "WRO completed"
    assert topic_title("wro.completed", "sweep") == "WRO completed (sweep)"
    assert topic_title("appeared: sku:N.EW_7-XL", "wake") == "Appeared: sku:N.EW_7-XL (wake)"


@pytest.mark.parametrize(
    ("kind", "count", "text"),
    [
        (DocumentKind.ITEM_RECEIPT, 1, "1 item receipt"),
        (DocumentKind.ITEM_RECEIPT, 1_200, "1,200 item receipts"),
        (DocumentKind.WRO_MARK, 1, "1 WRO marked at ShipBob"),
        (DocumentKind.WRO_MARK, 0, "0 WROs marked at ShipBob"),
        (DocumentKind.TRACKING_MARK, 2, "2 tracking numbers marked at ShipBob"),
    ],
)
def test_documents_are_counted_in_words(kind: DocumentKind, count: int, text: str) -> None:
    assert document_count(kind, count) == text

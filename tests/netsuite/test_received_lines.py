from decimal import Decimal

import msgspec
import pytest
from pytest_httpserver import HTTPServer

from ml_connector.errors import Retryable
from ml_connector.netsuite.queries.received_lines import received_on_lines
from ml_connector.netsuite.suiteql import SuiteQL
from ml_connector.transport.call import Priority
from netsuite.test_queries import PATH, Rows, answering, asked


async def test_what_was_received_is_summed_by_netsuite_for_a_thousand_orders_a_call(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    rows: Rows = [
        {
            "createdfrom": "2173",
            "orderline": "4",
            "item": "20",
            "location": "6",
            "maker": "mlc-",
            "month": "2026-11",
            "quantity": "40.5",
        },
        {"createdfrom": "2173", "item": "20", "month": "2026-10", "quantity": "2"},
    ]
    httpserver.expect_request(PATH).respond_with_handler(answering(rows, []))

    found = await received_on_lines(
        suiteql, [str(number) for number in range(1, 1201)], priority=Priority.REPORT
    )

    queries = asked(httpserver)
    assert [len(params) for _, params in queries] == [1000, 200]
    assert "SUBSTR(t.externalid, 1, 4) AS maker" in queries[0][0]
    assert [(one.orderline, one.is_ours, one.quantity) for one in found] == [
        (4, True, Decimal("40.5")),
        (None, False, Decimal(2)),
    ]


async def test_a_query_that_fails_says_what_to_do_with_it(
    httpserver: HTTPServer, suiteql: SuiteQL
) -> None:
    httpserver.expect_request(PATH).respond_with_data(
        msgspec.json.encode({"o:errorDetails": []}), status=503
    )

    with pytest.raises(Retryable):
        await received_on_lines(suiteql, ["2173"], priority=Priority.REPORT)

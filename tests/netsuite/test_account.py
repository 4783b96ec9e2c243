import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.errors import UserError
from ml_connector.netsuite.account import (
    Account,
    check_account_id,
    external_key,
    host_label,
    new_record_id,
)

BASE = "https://1234567-sb1.suitetalk.api.netsuite.com"


def test_the_host_is_the_account_id_in_lower_case_with_dashes() -> None:
    account = Account.of("1234567_SB1")

    assert account.account_id == "1234567_SB1"
    assert account.base_url == BASE
    assert account.restlets_url == "https://1234567-sb1.restlets.api.netsuite.com"
    assert account.token_url == f"{BASE}/services/rest/auth/oauth2/v1/token"
    assert account.suiteql_url == f"{BASE}/services/rest/query/v1/suiteql"


@pytest.mark.parametrize(
    "account_id",
    [
        "",
        "1234567.evil.example",
        "1234567/",
        "evil.example#",
        "1234567@evil",
        "1234567__SB1",
        "_1234567",
        "1234567 SB1",
        "1234567\n",
        "١٢٣",
        "1" * 61,
    ],
)
def test_an_account_id_that_could_lead_elsewhere_is_refused(account_id: str) -> None:
    with pytest.raises(UserError) as caught:
        check_account_id(account_id)

    assert caught.value.next_step


@given(st.text(max_size=80))
def test_whatever_is_accepted_is_one_label_of_a_host(account_id: str) -> None:
    try:
        label = host_label(account_id)
    except UserError:
        return

    assert label.isascii()
    assert label.replace("-", "").isalnum()
    assert len(label) <= 63


def test_a_given_base_url_wins_and_loses_its_last_slash() -> None:
    account = Account.of("TSTDRV1", base_url="http://127.0.0.1:9100/")

    assert account.token_url == "http://127.0.0.1:9100/services/rest/auth/oauth2/v1/token"


@pytest.mark.parametrize("url", ["http://example.com", "ftp://x", "https://me:pw@example.com"])
def test_a_base_url_that_would_leak_the_assertion_is_refused(url: str) -> None:
    with pytest.raises(UserError):
        Account.of("TSTDRV1", base_url=url)


def test_addresses_of_records() -> None:
    account = Account.of("1234567_SB1")

    assert account.record_url("itemReceipt") == f"{BASE}/services/rest/record/v1/itemReceipt"
    assert account.record_url("itemReceipt", external_key("mlc-ir-1_2")) == (
        f"{BASE}/services/rest/record/v1/itemReceipt/eid:mlc-ir-1_2"
    )
    assert account.transform_url("purchaseOrder", "2173", "itemReceipt") == (
        f"{BASE}/services/rest/record/v1/purchaseOrder/2173/!transform/itemReceipt"
    )


def test_an_id_can_not_climb_out_of_its_place_in_the_address() -> None:
    url = Account.of("1234567_SB1").record_url("itemReceipt", "../x?y#z")

    assert url == f"{BASE}/services/rest/record/v1/itemReceipt/..%2Fx%3Fy%23z"


@pytest.mark.parametrize("record_type", ["", "item receipt", "a/b", "../x", "é"])
def test_a_record_type_is_a_word(record_type: str) -> None:
    with pytest.raises(ValueError, match="no record type"):
        Account.of("1234567_SB1").record_url(record_type)


@pytest.mark.parametrize("external_id", ["", "a|b", "a b", "a/b", "ü", "a\n"])
def test_an_external_id_that_breaks_the_address_is_refused(external_id: str) -> None:
    with pytest.raises(ValueError, match="external id"):
        external_key(external_id)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (f"{BASE}/services/rest/record/v1/itemReceipt/5002", "5002"),
        (f"{BASE}/services/rest/record/v1/itemreceipt/5002", "5002"),
        ("/services/rest/record/v1/itemReceipt/5002/", "5002"),
        (f"{BASE}/services/rest/record/v1/itemReceipt/5002?x=1", "5002"),
        (f"{BASE}/services/rest/record/v1/vendorBill/5002", None),
        ("/services/rest/async/v1/job/123456", None),
        (f"{BASE}/services/rest/record/v1/itemReceipt/", None),
        (f"{BASE}/services/rest/record/v1/itemReceipt/abc", None),
        ("http://[bad", None),
        ("", None),
        (None, None),
    ],
)
def test_the_id_of_a_new_record_is_in_its_location(
    location: str | None, expected: str | None
) -> None:
    assert new_record_id(location, "itemReceipt") == expected

"""Stops of whatever comes, be it to a location or at all, each with how it is put right.

A story is of what stops and of what breaks: run on, what is broken is put right as the remedy
says, and nothing else.
"""

from collections.abc import Iterator
from typing import Final

from acceptance.in_process import renew
from acceptance.merchant import Merchant
from acceptance.stops import APPLIED, Stop, wro_of
from ml_connector.sim.netsuite.simulator import DEFAULT_ROLE
from ml_connector.words import Cause

TABLES_APPLIED: Final = {
    **APPLIED,
    "policies": f'{APPLIED["policies"]}\nclosed_period = "park"',
    "billing": 'vendor = "302"\naccounts = {"Shipping" = "63"}',
}


def ordered(acme: Merchant) -> tuple[Stop, str]:
    """Let goods come in, by an order of three lines that expects them on its second."""
    skus = [acme.sku() for _ in range(3)]
    number = acme.order({skus[0]: 4, skus[1]: 5, skus[2]: 6})
    return wro_of(acme.deliver({skus[1]: 5}, number=number)), skus[1]


def without_an_order(acme: Merchant) -> tuple[Stop, str]:
    """Let goods come in that no order expects."""
    sku = acme.sku()
    return wro_of(acme.deliver({sku: 5})), sku


def without_permission(acme: Merchant) -> Iterator[None]:
    acme.world.netsuite.withdraw_permission("TRAN_ITEMRCPT")
    yield
    acme.world.netsuite.add_role("ml-connector again", internal_id=DEFAULT_ROLE)


def without_certificate(acme: Merchant) -> Iterator[None]:
    sign_in = acme.world.netsuite.sign_in
    before = dict(sign_in.certificates)
    acme.world.netsuite.sandbox_refresh()
    yield
    sign_in.certificates.update(before)
    renew(acme)


def with_damaged_settings(acme: Merchant) -> Iterator[None]:
    acme.rows(
        'update connection set settings = settings::jsonb || \'{"schedule": "damaged"}\''
        " returning name"
    )
    yield
    acme.apply(**TABLES_APPLIED)


def with_the_flow_off(acme: Merchant) -> Iterator[None]:
    acme.apply(**TABLES_APPLIED, flows="receiving = false")
    yield
    acme.apply(**TABLES_APPLIED)


def with_lines_numbered_otherwise(acme: Merchant) -> Iterator[None]:
    acme.world.netsuite.preferences.line_numbers = "shifted"
    yield
    acme.world.netsuite.preferences.line_numbers = "equal"


def with_an_inactive_location(acme: Merchant) -> Iterator[None]:
    books = acme.world.netsuite.company.books
    books.update("location", {"isinactive": "T"}, id=6)
    yield
    books.update("location", {"isinactive": "F"}, id=6)


def with_a_location_of_two_companies(acme: Merchant) -> Iterator[None]:
    books = acme.world.netsuite.company.books
    acme.apply(**{**TABLES_APPLIED, "policies": 'unmatched_wro = "adjust"'})
    books.update("location", {"subsidiary": "1, 2"}, id=6)
    yield
    books.update("location", {"subsidiary": "1"}, id=6)


OF_THE_WHOLE: Final = {
    Cause.PERMISSION_MISSING: (ordered, without_permission),
    Cause.CREDENTIALS_INVALID: (ordered, without_certificate),
    Cause.SETTINGS_UNREADABLE: (ordered, with_damaged_settings),
    Cause.FLOW_OFF: (ordered, with_the_flow_off),
    Cause.LINE_NUMBERS_UNCLEAR: (ordered, with_lines_numbered_otherwise),
    Cause.REFUSED_BY_NETSUITE: (ordered, with_an_inactive_location),
    Cause.SUBSIDIARY_UNCLEAR: (without_an_order, with_a_location_of_two_companies),
}
"""What stops whatever comes; nothing is decided about it, and it goes on when it is put right."""

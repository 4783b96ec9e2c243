from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.shipbob.payloads import WebhookSubscription
from ml_connector.shipbob.webhooks.subscription_plan import (
    SubscriptionPlan,
    plan_subscriptions,
    same_address,
)

URL = "https://connector.example.com/webhooks/shipbob/acme"
GROUPS = {"receiving": ("wro.created", "wro.completed"), "returns": ("return.completed",)}


def subscription(
    id_: str,
    topics: tuple[str, ...] = GROUPS["receiving"],
    *,
    url: str = URL,
    enabled: bool | None = True,
    day: int = 1,
) -> WebhookSubscription:
    made = datetime(2026, 11, day, tzinfo=UTC)
    return WebhookSubscription(id=id_, url=url, topics=topics, enabled=enabled, created_at=made)


def plan(
    *existing: WebhookSubscription,
    known: tuple[str, ...] = (),
    trust_unknown: bool = False,
    replace_all: bool = False,
) -> SubscriptionPlan:
    return plan_subscriptions(
        existing,
        url=URL,
        groups=GROUPS,
        known=known,
        trust_unknown=trust_unknown,
        replace_all=replace_all,
    )


def test_a_fresh_account_gets_one_for_each_group() -> None:
    made = plan()

    assert made.create == GROUPS
    assert made.remove == {}


def test_what_fits_is_kept() -> None:
    made = plan(subscription("1"), subscription("2", GROUPS["returns"]), known=("1", "2"))

    assert (made.create, made.remove) == ({}, {})
    assert {group: one.id for group, one in made.keep.items()} == {
        "receiving": "1",
        "returns": "2",
    }


def test_the_order_of_topics_does_not_matter() -> None:
    turned = subscription("1", tuple(reversed(GROUPS["receiving"])))

    assert plan(turned, known=("1",)).keep["receiving"].id == "1"


def test_of_duplicates_the_oldest_with_a_known_secret_stays() -> None:
    made = plan(
        subscription("1", day=1),
        subscription("2", day=3),
        subscription("3", day=2),
        known=("2", "3"),
    )

    assert made.keep["receiving"].id == "3"
    assert set(made.remove) == {"1", "2"}


@pytest.mark.parametrize(
    ("stray", "why"),
    [
        (subscription("9", ("order.shipped",)), "its topics are not wanted like this"),
        (subscription("9", enabled=False), "ShipBob had disabled it"),
        (subscription("9", url="https://old.example.com/webhooks/shipbob/acme"), "before"),
    ],
)
def test_what_does_not_fit_of_ours_is_removed(stray: WebhookSubscription, why: str) -> None:
    made = plan(stray, known=("9",))

    assert why in made.remove["9"]
    assert "receiving" in made.create


@pytest.mark.parametrize(
    "url", [f"{URL}/", URL.replace("connector.example.com", "CONNECTOR.example.com:443")]
)
def test_our_address_is_recognised_however_it_is_written(url: str) -> None:
    assert "1" in plan(subscription("1", url=url)).remove


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example.com/webhooks/shipbob/acme",
        f"{URL}-two",
        URL.replace("https", "http"),
        "https://connector.example.com/webhooks/shipbob/acme?x=1",
        "https://[broken",
    ],
)
def test_other_addresses_are_never_touched(url: str) -> None:
    assert plan(subscription("1", url=url)).remove == {}


def test_an_unknown_one_is_kept_only_where_secrets_were_given_by_hand() -> None:
    assert plan(subscription("1"), trust_unknown=True).keep["receiving"].id == "1"
    assert plan(subscription("1")).remove == {"1": "its secret is not known"}


def test_rotation_makes_all_anew_and_removes_the_old() -> None:
    made = plan(subscription("1"), known=("1",), replace_all=True)

    assert made.create == GROUPS
    assert made.remove == {"1": "its secret is rotated"}


TOPICS = st.sampled_from(
    [*GROUPS.values(), ("order.shipped",), ("wro.created",), tuple(reversed(GROUPS["receiving"]))]
)
URLS = st.sampled_from([URL, f"{URL}/", "https://other.example.com/hook", f"{URL}2"])


@st.composite
def accounts(draw: st.DrawFn) -> tuple[list[WebhookSubscription], set[str]]:
    size = draw(st.integers(0, 8))
    made = [
        WebhookSubscription(
            id=str(number),
            url=draw(URLS),
            topics=draw(TOPICS),
            enabled=draw(st.sampled_from([True, False, None])),
        )
        for number in range(size)
    ]
    return made, {one.id for one in made if draw(st.booleans())}


@settings(max_examples=150)
@given(accounts(), st.tuples(st.booleans(), st.booleans()))
def test_whatever_there_is_one_turn_is_enough_and_strangers_are_left_alone(
    account: tuple[list[WebhookSubscription], set[str]],
    policy: tuple[bool, bool],
) -> None:
    existing, known = account
    trust, rotate = policy
    first = plan(*existing, known=tuple(known), trust_unknown=trust, replace_all=rotate)
    number = count(100)
    made = [
        WebhookSubscription(id=str(next(number)), url=URL, topics=topics, enabled=True)
        for topics in first.create.values()
    ]
    after = [one for one in existing if one.id not in first.remove] + made
    ids = known | {one.id for one in made}
    again = plan(*after, known=tuple(ids), trust_unknown=trust)

    assert (again.create, again.remove) == ({}, {})
    assert {one.url for one in existing if one.id in first.remove and one.id not in known} <= {
        URL,
        f"{URL}/",
    }
    assert {frozenset(one.topics) for one in after if same_address(one.url, URL)} == {
        frozenset(topics) for topics in GROUPS.values()
    }

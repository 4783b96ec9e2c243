"""Who gets in: tries that are counted, sessions that end."""

import asyncio

import pytest

from ml_connector.app.users import passwords, sign_in, users
from ml_connector.app.users.passwords import Comparing
from ml_connector.app.users.sign_in import Came, SignInPaused, SignInRefused
from ml_connector.ledger import offline
from ml_connector.ledger.people import sessions
from ml_connector.secret import Secret
from ml_connector.storage.database import Database
from ml_connector.storage.schema import connect
from ml_connector.words import Role

PASSWORD = Secret("correct horse 9")
WRONG = Secret("wrong horse 9")
KEPT = passwords.hashed(PASSWORD)


@pytest.fixture
async def people(database: Database) -> Database:
    async with database.transaction() as on:
        for name in ("dana", "emil"):
            await users.add(on, name, Role.FINANCE, KEPT, by="test", given=False)
    return database


def came(address: str = "10.0.0.1") -> Came:
    return Came(address=address, browser="test")


class Door:
    """Tries to sign in."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._comparing = Comparing()

    async def tries(
        self, name: str = "dana", password: Secret = WRONG, address: str = "10.0.0.1"
    ) -> str:
        try:
            await sign_in.sign_in(self._database, self._comparing, name, password, came(address))
        except SignInRefused as error:
            return f"refused, {error.left} left"
        except SignInPaused as error:
            return "paused" if 0 < error.seconds <= 3600 else f"paused {error.seconds}"
        return "in"


@pytest.fixture
def door(people: Database) -> Door:
    return Door(people)


async def test_five_tries_of_an_address_for_a_name_lead_to_a_pause(
    door: Door, people: Database
) -> None:
    said = [await door.tries() for _ in range(6)]
    right = await door.tries(password=PASSWORD)
    elsewhere = await door.tries(password=PASSWORD, address="10.0.0.2")
    acts = await people.fetch("select what, details from act where what = 'sign-in.paused'")

    assert said == [*(f"refused, {left} left" for left in (4, 3, 2, 1, 0)), "paused"]
    assert (right, elsewhere) == ("paused", "in")
    assert [row["details"]["after"]["address"] for row in acts] == ["10.0.0.1"]


async def test_a_pause_ends(door: Door, people: Database) -> None:
    for _ in range(6):
        await door.tries()
    await people.fetch("update sign_in_try set since = since - interval '5 minutes'")

    assert await door.tries(password=PASSWORD) == "in"


async def test_a_pause_that_a_wrong_clock_began_ends(door: Door, people: Database) -> None:
    for _ in range(6):
        await door.tries()
    await people.fetch("update sign_in_try set since = since + interval '2 days'")

    assert await door.tries(password=PASSWORD) == "in"


async def test_who_signs_in_begins_to_count_anew(door: Door) -> None:
    for _ in range(4):
        await door.tries()

    assert await door.tries(password=PASSWORD) == "in"
    assert await door.tries() == "refused, 4 left"


async def test_an_address_that_tries_many_names_pauses(door: Door) -> None:
    said = [await door.tries(name=f"name{n}") for n in range(31)]

    assert said[-2:] == ["refused, 0 left", "paused"]
    assert await door.tries(password=PASSWORD) == "paused"


async def test_an_address_of_version_6_counts_with_all_of_its_network(door: Door) -> None:
    for n in range(6):
        await door.tries(address=f"2001:db8::{n + 1}")

    assert await door.tries(password=PASSWORD, address="2001:db8::ffff") == "paused"
    assert await door.tries(password=PASSWORD, address="2001:db8:0:1::1") == "in"
    assert await door.tries(address="::ffff:10.0.0.9") == "refused, 4 left"
    assert await door.tries(address="10.0.0.9") == "refused, 3 left"


async def test_a_name_that_many_addresses_try_pauses(door: Door, people: Database) -> None:
    await door.tries()
    await people.fetch("update sign_in_try set times = 100 where of = 'name'")

    assert await door.tries(password=PASSWORD, address="10.9.9.9") == "paused"


async def test_tries_at_once_are_all_counted(door: Door, people: Database) -> None:
    said = await asyncio.gather(*(door.tries() for _ in range(20)))
    found = await people.fetch("select times from sign_in_try where of = 'both'")

    assert sum(one.startswith("refused") for one in said) == 5
    assert [row["times"] for row in found] == [20]


async def test_nobody_learns_which_names_there_are(door: Door) -> None:
    assert await door.tries(name="nobody") == await door.tries(name="emil")


async def test_a_name_is_taken_as_people_type_it(door: Door) -> None:
    assert await door.tries(name="  Dana ", password=PASSWORD) == "in"


async def begun(database: Database) -> Secret:
    return await sign_in.sign_in(database, Comparing(), "dana", PASSWORD, came())


async def test_what_the_browser_holds_is_not_kept(people: Database) -> None:
    held = await begun(people)
    kept = await people.fetch("select * from sign_in")

    assert held.reveal() not in str(kept)
    assert len(held.reveal()) >= 43  # 256 bits


@pytest.mark.parametrize(
    ("moved", "goes_on"),
    [
        ("seen_at = now() - interval '119 minutes'", True),
        ("seen_at = now() - interval '121 minutes'", False),
        ("began_at = now() - interval '719 minutes'", True),
        ("began_at = now() - interval '721 minutes'", False),
        ("began_at = now() + interval '1 day'", False),  # a clock was wrong
        ("seen_at = now() + interval '1 day'", False),
    ],
)
async def test_a_session_ends(people: Database, moved: str, goes_on: bool) -> None:  # noqa: FBT001 - what is expected
    held = await begun(people)
    await people.fetch(f"update sign_in set {moved}")  # noqa: S608 - the cases above

    assert (await sign_in.session(people, held) is not None) is goes_on


async def test_a_session_that_is_used_goes_on(people: Database) -> None:
    held = await begun(people)
    await people.fetch("update sign_in set seen_at = now() - interval '100 minutes'")
    before = await sign_in.session(people, held)
    after = await people.fetch("select seen_at > now() - interval '1 minute' as now from sign_in")

    assert before is not None
    assert after[0]["now"]


async def test_another_role_holds_from_the_next_click_on(people: Database) -> None:
    held = await begun(people)
    async with people.transaction() as on:
        await users.set_role(on, "dana", Role.VIEWER, by="test")
    session = await sign_in.session(people, held)

    assert session is not None
    assert session.role is Role.VIEWER


async def test_a_removal_and_another_password_end_all_sessions(people: Database) -> None:
    first, second = await begun(people), await begun(people)
    async with people.transaction() as on:
        await users.set_password(on, "dana", KEPT, by="test")
    assert await sign_in.session(people, first) is None
    third = await begun(people)
    async with people.transaction() as on:
        await users.remove(on, "dana", by="test")

    assert await sign_in.session(people, second) is None
    assert await sign_in.session(people, third) is None


async def test_who_changes_their_own_password_stays_signed_in_here_only(
    people: Database,
) -> None:
    here, elsewhere = await begun(people), await begun(people)
    async with people.transaction() as on:
        await users.set_password(
            on, "dana", KEPT, by="dana", but_session=sign_in.session_hash(here)
        )

    assert await sign_in.session(people, here) is not None
    assert await sign_in.session(people, elsewhere) is None


async def test_a_restore_ends_all_sessions(people: Database) -> None:
    held = await begun(people)
    with connect(people.url) as connection:
        offline.record_restore(connection, "test", "acme.backup")

    assert await sign_in.session(people, held) is None


async def test_sessions_that_ended_are_deleted_with_the_next_sign_in(people: Database) -> None:
    await begun(people)
    await people.fetch("update sign_in set seen_at = now() - interval '3 hours'")
    await begun(people)

    assert len(await people.fetch("select 1 as n from sign_in")) == 1


async def test_of_two_administrators_removed_at_once_one_stays(people: Database) -> None:
    async with people.transaction() as on:
        for name in ("dana", "emil"):
            await users.set_role(on, name, Role.ADMIN, by="test")

    async def remove(name: str) -> bool:
        try:
            async with people.transaction() as on:
                await users.remove(on, name, by="test")
        except Exception:  # noqa: BLE001 - told apart by what is left
            return False
        return True

    done = await asyncio.gather(remove("dana"), remove("emil"))

    assert sorted(done) == [False, True]
    assert len(await people.fetch("select 1 as n from person where role = 'admin'")) == 1


async def test_a_session_is_told_by_all_of_what_is_held(people: Database) -> None:
    held = await begun(people)
    async with people.transaction() as on:
        listed = await sessions.of(on, "dana", sign_in.ENDS)

    assert [one.address for one in listed] == ["10.0.0.1"]
    assert await sign_in.session(people, Secret(held.reveal()[:-1])) is None
    assert await sign_in.session(people, Secret("")) is None
    assert await sign_in.session(people, Secret("x" * 100_000)) is None

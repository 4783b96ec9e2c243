import json

import pytest

from ml_connector.errors import NeedsHuman
from ml_connector.secret import Secret
from ml_connector.storage.database import Database
from ml_connector.vault.masterkey import KeyRing, MasterKey
from ml_connector.vault.secrets import Vault

OLD = MasterKey.of(b"o" * 32)
NEW = MasterKey.of(b"n" * 32)


@pytest.fixture
async def vault(database: Database) -> Vault:
    for name in ("acme", "other"):
        await database.fetch(
            "insert into connection (name, mode, settings) values (%(name)s, 'live', '{}')",
            {"name": name},
        )
    return Vault(database, KeyRing((OLD,)))


async def test_a_secret_comes_back_as_it_was_put(vault: Vault) -> None:
    await vault.put("acme", "shipbob.token", Secret("CANARY ü\n"))

    assert await vault.get("acme", "shipbob.token") == Secret("CANARY ü\n")
    assert await vault.get("acme", "shipbob.client_secret") is None
    assert await vault.get("other", "shipbob.token") is None


async def test_a_later_secret_takes_the_place_of_an_earlier_one(vault: Vault) -> None:
    await vault.put("acme", "shipbob.token", Secret("one"))
    await vault.put("acme", "shipbob.token", Secret("two"))

    assert await vault.all("acme") == {"shipbob.token": Secret("two")}


async def test_a_deleted_secret_is_gone(vault: Vault) -> None:
    await vault.put("acme", "a", Secret("one"))
    await vault.put("acme", "b", Secret("two"))
    await vault.delete("acme", "a")
    await vault.delete("acme", "never was")

    assert await vault.all("acme") == {"b": Secret("two")}


async def test_secrets_join_a_transaction(vault: Vault, database: Database) -> None:
    await vault.put("acme", "kept", Secret("one"))
    async with database.transaction() as connection:
        await vault.put("acme", "new", Secret("two"), on=connection)
        await vault.delete("acme", "kept", on=connection)
        inside = await vault.all("acme", on=connection)
        found = await vault.get("acme", "new", on=connection)
        await connection.rollback()

    assert inside == {"new": Secret("two")}
    assert found == Secret("two")
    assert await vault.all("acme") == {"kept": Secret("one")}


async def test_swapped_rows_are_refused(vault: Vault, database: Database) -> None:
    await vault.put("acme", "shipbob.token", Secret("one"))
    await database.fetch("update secret set connection = 'other'")
    with pytest.raises(NeedsHuman, match=r"other/shipbob\.token can't be opened"):
        await vault.get("other", "shipbob.token")


async def test_rotation_keeps_every_secret(vault: Vault, database: Database) -> None:
    for name in ("acme", "other"):
        await vault.put(name, "shipbob.token", Secret(name))
    rotating = Vault(database, KeyRing((NEW, OLD)))
    counts = [(await rotating.rewrap()).wrapped, (await rotating.rewrap()).wrapped]
    rotated = Vault(database, KeyRing((NEW,)))

    assert counts == [2, 0]
    assert await rotated.get("other", "shipbob.token") == Secret("other")
    with pytest.raises(NeedsHuman, match=NEW.key_id):
        await vault.get("acme", "shipbob.token")


async def test_a_damaged_row_keeps_nobody_elses_old_key_in_use(
    vault: Vault, database: Database
) -> None:
    for name in ("acme", "other"):
        await vault.put(name, "shipbob.token", Secret(name))
    await database.fetch(
        "update secret set wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)"
        " where connection = 'acme'"
    )
    done = await Vault(database, KeyRing((NEW, OLD))).rewrap()

    assert done.wrapped == 1
    assert done.damaged == frozenset({"acme/shipbob.token"})
    assert await Vault(database, KeyRing((NEW,))).get("other", "shipbob.token") == Secret("other")


async def test_what_can_be_opened_is_told_from_what_can_not(
    vault: Vault, database: Database
) -> None:
    for field in ("a", "b", "c"):
        await vault.put("acme", field, Secret(field))
    await database.fetch("update secret set field = 'd' where field = 'b'")
    opened = await vault.usable("acme", lambda field: field != "c")

    assert opened.secrets == {"a": Secret("a")}
    assert list(opened.unusable) == ["d"]
    with pytest.raises(NeedsHuman):
        await vault.some("acme", lambda field: field != "c")
    assert await vault.some("acme", lambda field: field == "c") == {"c": Secret("c")}


async def test_a_process_opens_no_secret_that_it_has_no_use_for(
    vault: Vault, database: Database
) -> None:
    await vault.put("acme", "netsuite.private_key", Secret("key"))
    await vault.put("acme", "shipbob.token", Secret("token"))
    of_the_web = Vault(
        database, KeyRing((OLD,)), may_open=lambda field: field.startswith("shipbob.")
    )

    assert await of_the_web.get("acme", "shipbob.token") == Secret("token")
    for asks in (of_the_web.get("acme", "netsuite.private_key"), of_the_web.all("acme")):
        with pytest.raises(PermissionError, match=r"netsuite\.private_key"):
            await asks


async def test_no_row_or_text_holds_a_secret_in_plain(
    vault: Vault, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await vault.put("acme", "shipbob.token", Secret("CANARY"))
    dump = await database.fetch(
        "select row_to_json(secret)::text as text, encode(ciphertext, 'escape') as raw from secret"
    )
    shown = json.dumps(dump) + repr(await vault.all("acme")) + repr(vars(vault)) + caplog.text

    assert "CANARY" not in shown

import json
from collections.abc import Callable

import pytest

from ml_connector.errors import AlreadyExists, NeedsHuman
from ml_connector.shipbob.client import ShipBob
from ml_connector.shipbob.new_payloads import NewProduct, NewVariant
from ml_connector.transport.call import Answer, Call, Patience

MakeAnswer = Callable[..., Answer]
Connect = Callable[..., tuple[ShipBob, list[Call]]]
Conforms = Callable[[Call], None]

TEE = NewProduct(name="Tee black M", variants=(NewVariant(name="Tee black M", sku="TEE-BLK-M"),))
MADE = {"id": 9, "name": "Tee black M", "variants": [{"id": 1, "sku": "TEE-BLK-M"}]}


async def test_a_product_is_created_with_its_sku(
    connected: Connect, answer: MakeAnswer, conforms: Conforms
) -> None:
    client, calls = connected(answer(MADE, 201))
    made = await client.create_product(TEE, send_by=12.5)

    conforms(calls[-1])
    assert made.id == 9
    assert json.loads(calls[-1].body or b"") == {
        "name": "Tee black M",
        "type_id": 1,
        "variants": [{"name": "Tee black M", "sku": "TEE-BLK-M"}],
    }


async def test_a_product_is_created_once_and_names_the_channel(
    connected: Connect, answer: MakeAnswer
) -> None:
    client, calls = connected(answer(MADE, 201))
    await client.create_product(TEE, send_by=12.5)
    sent = calls[-1]

    assert (sent.method, sent.url.rpartition("/")[2]) == ("POST", "product")
    assert sent.headers["shipbob_channel_id"].isdigit()
    assert (sent.patience, sent.repeatable, sent.send_by) == (Patience.WRITE, False, 12.5)


async def test_a_sku_that_is_taken_exists_already(connected: Connect, answer: MakeAnswer) -> None:
    taken = {"": ["A product with an existing reference id"]}
    client, _ = connected(answer(taken, 422))

    with pytest.raises(AlreadyExists):
        await client.create_product(TEE)


async def test_a_refused_product_needs_a_person(connected: Connect, answer: MakeAnswer) -> None:
    client, _ = connected(answer({"type_id": ["must be 1 or 2"]}, 422))

    with pytest.raises(NeedsHuman, match="must be 1 or 2"):
        await client.create_product(TEE)

"""Forged signatures: a million of them, and none may open the door."""

import hmac
import time
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Final, NamedTuple

from ml_connector.bench.figures import Figure, Measured
from ml_connector.secret import Secret
from ml_connector.shipbob.webhooks.signature import (
    SignatureRefused,
    parse_secret,
    sign,
    verify,
)

FORGED: Final = 1_000_000
QUICK: Final = 20_000
MOST_TIMES_FLOOR: Final = 10.0

_NOW: Final = 1_795_996_800
_SEED: Final = 23
_DIGEST_BYTES: Final = 32
_FLOOR_ROUNDS: Final = 20_000
_MICRO: Final = 1e6

Headers = Mapping[str, str]


class Delivery(NamedTuple):
    """What comes to the door.

    Attributes:
        kind: how it was forged.
    """

    kind: str
    headers: Headers
    body: bytes


def secrets(random: Random) -> list[Secret]:
    """Return two secrets, as during a rotation."""
    return [Secret("whsec_" + b64encode(random.randbytes(24)).decode()) for _ in range(2)]


def genuine(random: Random, secret: Secret) -> Delivery:
    """Return a delivery that is right."""
    webhook_id, body = f"msg_{random.getrandbits(96):024x}", b'{"id": %d}' % random.getrandbits(40)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(_NOW),
        "webhook-signature": sign(secret, webhook_id, _NOW, body),
    }
    return Delivery("genuine", headers, body)


def forgeries(random: Random, own: list[Secret]) -> Iterator[Delivery]:
    """Forge deliveries without end, each in another way than the one before."""
    kinds = list(_KINDS.items())
    while True:
        for kind, forge in kinds:
            right = genuine(random, random.choice(own))
            headers, body = forge(random, dict(right.headers), right.body)
            yield Delivery(kind, headers, body)


def forged(*, count: int) -> Measured:
    """Show forged deliveries to the check of signatures; none may pass.

    Args:
        count: how many.
    """
    random = Random(_SEED)  # noqa: S311 - repeatable forgeries
    own = secrets(random)
    source, spent, accepted = forgeries(random, own), 0.0, Counter[str]()
    for _ in range(count):
        one = next(source)
        began = time.perf_counter()
        passes = is_accepted(one, own)
        spent += time.perf_counter() - began
        accepted[one.kind] += passes
    floor = _floor(own)
    each = spent / count
    through = sum(accepted.values())
    return Measured(
        name="forgeries",
        about=f"{count:,} forged signatures at the check of deliveries",
        figures=(
            Figure(name="accepted", value=through, unit="", at_most=0.0),
            Figure(name="each refused in", value=each * _MICRO, unit="us"),
            Figure(name="floor: one HMAC with each secret", value=floor * _MICRO, unit="us"),
            Figure(name="times the floor", value=each / floor, unit="x", at_most=MOST_TIMES_FLOOR),
        ),
        wrong=tuple(f"{n} accepted: {kind}" for kind, n in accepted.items() if n),
    )


def is_accepted(one: Delivery, own: list[Secret]) -> bool:
    """Whether a delivery passes."""
    try:
        verify(one.headers, one.body, own, now=float(_NOW))
    except SignatureRefused:
        return False
    return True


def _floor(own: list[Secret]) -> float:
    """Return the seconds of hashing a delivery once with each secret."""
    keys = [parse_secret(one) for one in own]
    signed = b"msg_0123456789abcdef01234567.1795996800." + b'{"id": 123456789012}'
    began = time.perf_counter()
    for _ in range(_FLOOR_ROUNDS):
        for key in keys:
            hmac.digest(key, signed, "sha256")
    return (time.perf_counter() - began) / _FLOOR_ROUNDS


# How deliveries are forged: from a right one, without the secrets.

_Forged = tuple[Headers, bytes]


def _with(headers: dict[str, str], signature: bytes) -> Headers:
    return {**headers, "webhook-signature": f"v1,{b64encode(signature).decode()}"}


def _right(headers: Headers) -> bytes:
    return b64decode(headers["webhook-signature"].removeprefix("v1,"))


def _guessed(random: Random, headers: dict[str, str], body: bytes) -> _Forged:
    return _with(headers, random.randbytes(_DIGEST_BYTES)), body


def _one_bit_off(random: Random, headers: dict[str, str], body: bytes) -> _Forged:
    wrong = bytearray(_right(headers))
    wrong[random.randrange(_DIGEST_BYTES)] ^= 1 << random.randrange(8)
    return _with(headers, bytes(wrong)), body


def _cut_short(random: Random, headers: dict[str, str], body: bytes) -> _Forged:
    return _with(headers, _right(headers)[: random.randrange(_DIGEST_BYTES)]), body


def _longer(random: Random, headers: dict[str, str], body: bytes) -> _Forged:
    return _with(headers, _right(headers) + random.randbytes(1 + random.randrange(8))), body


def _of_another_body(random: Random, headers: dict[str, str], body: bytes) -> _Forged:
    at = random.randrange(len(body))
    return headers, body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


def _of_another_id(random: Random, headers: dict[str, str], body: bytes) -> _Forged:
    return {**headers, "webhook-id": f"msg_{random.getrandbits(96):024x}"}, body


def _of_another_time(random: Random, headers: dict[str, str], body: bytes) -> _Forged:
    return {**headers, "webhook-timestamp": str(_NOW + 1 + random.randrange(250))}, body


def _of_another_secret(random: Random, headers: dict[str, str], body: bytes) -> _Forged:
    stranger = Secret(b64encode(random.randbytes(24)).decode())
    return {
        **headers,
        "webhook-signature": sign(stranger, headers["webhook-id"], _NOW, body),
    }, body


def _of_no_secret(_: Random, headers: dict[str, str], body: bytes) -> _Forged:
    signed = f"{headers['webhook-id']}.{_NOW}.".encode() + body
    return _with(headers, hmac.digest(b"", signed, "sha256")), body


def _border_moved(_: Random, headers: dict[str, str], body: bytes) -> _Forged:
    """Move what is signed from one part to the next: the bytes stay the same."""
    shortened = headers["webhook-id"][:-1]
    last = headers["webhook-id"][-1:]
    moved = {**headers, "webhook-id": shortened, "webhook-timestamp": str(_NOW)}
    return moved, f"{last}.".encode() + body


def _of_another_version(random: Random, headers: dict[str, str], body: bytes) -> _Forged:
    version = random.choice(("v0", "v2", "v1a", "V1", ""))
    signature = headers["webhook-signature"].removeprefix("v1")
    return {**headers, "webhook-signature": version + signature}, body


def _many_guesses(random: Random, headers: dict[str, str], body: bytes) -> _Forged:
    guesses = [b64encode(random.randbytes(_DIGEST_BYTES)).decode() for _ in range(8)]
    return {**headers, "webhook-signature": " ".join(f"v1,{one}" for one in guesses)}, body


_KINDS: Final[Mapping[str, Callable[[Random, dict[str, str], bytes], _Forged]]] = {
    "guessed": _guessed,
    "one bit off": _one_bit_off,
    "cut short": _cut_short,
    "longer": _longer,
    "of another body": _of_another_body,
    "of another id": _of_another_id,
    "of another time": _of_another_time,
    "of another secret": _of_another_secret,
    "of no secret": _of_no_secret,
    "with the border moved": _border_moved,
    "of another version": _of_another_version,
    "many guesses": _many_guesses,
}

"""Faults on demand: what goes wrong, for which calls, how often; seeded, so it can be repeated.

Both simulators ask a ``FaultPlan`` once per call and play what it answers. A plan comes from
Python, from the HTTP control surface, or from a TOML or JSON file::

    seed = 7

    [[fault]]
    kind = "hang_after_commit"
    method = "POST"
    path = "/record/v1/"
    times = 2
    seconds = 90

    [[fault]]
    system = "shipbob"
    kind = "latency"
    probability = 0.1
    seconds = 0.2
    seconds_max = 3.0
"""

import codecs
import random
import re
import threading
import tomllib
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from ml_connector.sim.written_files import bytes_of
from ml_connector.words import System

FaultKind = Literal[
    "latency",
    "hang_before_commit",
    "hang_after_commit",
    "error_before_commit",
    "error_after_commit",
    "cut_before_commit",
    "cut_after_commit",
    "rate_limited",
    "rate_limited_400",
    "overload_login",
    "record_changed",
    "token_revoked",
    "bad_gateway",
    "unavailable",
    "gateway_timeout",
    "truncated",
    "spoiled_row",
    "byte_order_mark",
]

MEANINGS: Final[dict[FaultKind, str]] = {
    "latency": "the answer comes seconds later; the work is done at the end of the wait",
    "hang_before_commit": "nothing is done; after seconds a 504 with an HTML page",
    "hang_after_commit": "the work is done at once, the answer comes only after seconds",
    "error_before_commit": "nothing is done; 500",
    "error_after_commit": "the work is done; 500 all the same",
    "cut_before_commit": "nothing is done; the connection is cut without an answer",
    "cut_after_commit": "the work is done; the connection is cut without an answer",
    "rate_limited": "nothing is done; the system's own 429",
    "rate_limited_400": "nothing is done; NetSuite's concurrency refusal as a 400",
    "overload_login": "nothing is done; the system is overloaded but says 401",
    "record_changed": "nothing is done; NetSuite's 400: somebody else changed the record",
    "token_revoked": "the call's token stops working for good, beginning with this call",
    "bad_gateway": "nothing is done; 502 with an HTML page",
    "unavailable": "nothing is done; 503 with an HTML page",
    "gateway_timeout": "the work is done; 504 with an HTML page",
    "truncated": "the work is done; the answer ends in the middle of its body",
    "spoiled_row": "the work is done; a field of one row of the answer has a form it never has",
    "byte_order_mark": "the work is done; a byte order mark stands before the answer's JSON",
}
"""What each kind plays."""

NETSUITES_OWN: Final[frozenset[FaultKind]] = frozenset({"rate_limited_400", "record_changed"})
"""The kinds that ShipBob's simulator lets pass: the call goes on as if there were none."""

COMMITS: Final[frozenset[FaultKind]] = frozenset(
    {
        "latency",
        "hang_after_commit",
        "error_after_commit",
        "cut_after_commit",
        "gateway_timeout",
        "truncated",
        "spoiled_row",
        "byte_order_mark",
    }
)
"""The kinds after which the work has been done."""

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule of a plan.

    Attributes:
        kind: what happens, see ``MEANINGS``.
        system: which simulator plays it; both when left out.
        method: HTTP method, or ``*``.
        path: regular expression searched in the path with its query, case ignored.
        times: how often it strikes; always when left out.
        skip: how many matching calls pass first.
        probability: of striking, for each matching call.
        seconds: real seconds to wait (kinds ``latency`` and ``hang_...``).
        seconds_max: when given, the wait is drawn evenly between the two.
        row: of ``spoiled_row``, the id of the row; the first when left out.
        field: likewise, the field of the row.
    """

    kind: FaultKind
    system: System | None = None
    method: str = "*"
    path: str = ""
    times: Annotated[int, msgspec.Meta(ge=0)] | None = None
    skip: Annotated[int, msgspec.Meta(ge=0)] = 0
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    seconds: Seconds = 0.0
    seconds_max: Seconds | None = None
    row: str = ""
    field: str = "id"


class FaultFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault file: a seed and rules.

    Attributes:
        seed: of all draws.
        fault: the rules; the first that strikes a call wins, latencies add up.
    """

    seed: int = 1
    fault: tuple[Fault, ...] = ()


class FaultFileError(ValueError):
    """A fault file can't be read; the text says where and why."""


class Struck(msgspec.Struct, frozen=True, kw_only=True):
    """What is played on one call.

    Attributes:
        kind: the fault beside latency; ``None`` when there is latency only.
        latency: real seconds to wait before the work.
        hang: real seconds to wait in place of, or after, the work.
        row: see ``Fault``.
        field: likewise.
    """

    kind: FaultKind | None = None
    latency: float = 0.0
    hang: float = 0.0
    row: str = ""
    field: str = "id"

    @property
    def alters(self) -> bool:
        """Whether the answer is sent otherwise than it was made; see ``altered``."""
        return self.kind in {"spoiled_row", "byte_order_mark"}

    def altered(self, body: bytes) -> bytes:
        """Return the answer as it is sent: with a mark before it, or with a row spoiled."""
        if self.kind == "byte_order_mark":
            return codecs.BOM_UTF8 + body if body.strip() else body
        return self._spoiled(body)

    def _spoiled(self, body: bytes) -> bytes:
        """Return an answer whose row has something else in the field; as it was where it has none.

        A single record counts as a row too.
        """
        value = _DECODER.decode(body) if body.strip() else None
        listed = value.get("items", value.get("data")) if isinstance(value, dict) else value
        rows = listed if isinstance(listed, list) else [value]
        for row in rows:
            if isinstance(row, dict) and self._is_meant(row):
                row[self.field] = {"spoiled": True}
                return _ENCODER.encode(value)
        return body

    def _is_meant(self, row: dict[str, object]) -> bool:
        ids = {str(value) for name, value in row.items() if name == "id" or name.endswith("_id")}
        return not self.row or self.row in ids


class _Rule:
    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.matched = 0
        self.struck = 0

    @cached_property
    def path(self) -> re.Pattern[str]:
        return re.compile(self.fault.path, re.IGNORECASE)

    def matches(self, method: str, path: str) -> bool:
        wanted = self.fault.method
        return (wanted == "*" or wanted.upper() == method.upper()) and bool(self.path.search(path))


class FaultPlan:
    """The rules in force. Safe to use from any thread.

    Args:
        seed: of all draws, so that a run can be repeated.
        system: rules of the other system are left out.
    """

    def __init__(self, seed: int = 1, *, system: System | None = None) -> None:
        self._system = system
        self._random = random.Random(seed)  # noqa: S311 - repeatable play, not secrecy
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self._numbers = 0

    def add(self, fault: Fault) -> int:
        """Put a rule in force.

        Returns:
            its number, for ``remove``.

        Raises:
            ValueError: the path isn't a regular expression.
        """
        try:
            re.compile(fault.path)
        except re.error as error:
            raise ValueError(f"{fault.path!r} is not a regular expression: {error}") from error
        with self._lock:
            self._numbers += 1
            self._rules.append(_Rule(self._numbers, fault))
            return self._numbers

    def load(self, plan: FaultFile) -> list[int]:
        """Put all rules of a file in force and seed the draws anew."""
        with self._lock:
            self._random.seed(plan.seed)
        return [self.add(fault) for fault in plan.fault if self._concerns(fault)]

    def remove(self, number: int) -> bool:
        """Take a rule back; ``False`` when there is none with this number."""
        with self._lock:
            before = len(self._rules)
            self._rules = [rule for rule in self._rules if rule.number != number]
            return len(self._rules) < before

    def clear(self) -> None:
        """Take all rules back."""
        with self._lock:
            self._rules.clear()

    def listing(self) -> list[dict[str, object]]:
        """The rules with how often they matched and struck."""
        with self._lock:
            return [
                {
                    "number": rule.number,
                    **msgspec.structs.asdict(rule.fault),
                    "matched": rule.matched,
                    "struck": rule.struck,
                }
                for rule in self._rules
            ]

    def strike(self, method: str, path: str) -> Struck | None:
        """What this call suffers; ``None`` for nothing. Counts the call."""
        if not self._rules:
            return None
        with self._lock:
            latency = 0.0
            winner: Fault | None = None
            for rule in self._rules:
                if winner is not None and rule.fault.kind != "latency":
                    continue
                if not rule.matches(method, path) or not self._draw(rule):
                    continue
                if rule.fault.kind == "latency":
                    latency += self._wait(rule.fault)
                else:
                    winner = rule.fault
            if winner is None:
                return Struck(latency=latency) if latency else None
            return Struck(
                kind=winner.kind,
                latency=latency,
                hang=self._wait(winner),
                row=winner.row,
                field=winner.field,
            )

    def _concerns(self, fault: Fault) -> bool:
        return None in (fault.system, self._system) or fault.system == self._system

    def _draw(self, rule: _Rule) -> bool:
        rule.matched += 1
        fault = rule.fault
        spent = fault.times is not None and rule.struck >= fault.times
        if spent or rule.matched <= fault.skip:
            return False
        if fault.probability < 1 and self._random.random() >= fault.probability:
            return False
        rule.struck += 1
        return True

    def _wait(self, fault: Fault) -> float:
        if fault.seconds_max is None:
            return fault.seconds
        return self._random.uniform(fault.seconds, fault.seconds_max)


def read_fault_file(path: Path) -> FaultFile:
    """Read a plan; ``.json`` as JSON, anything else as TOML.

    Raises:
        FaultFileError: the file is missing, broken, or says something unknown.
    """
    try:
        raw = bytes_of(path)
        if path.suffix.lower() == ".json":
            plan = msgspec.json.decode(raw, type=FaultFile)
        else:
            plan = msgspec.convert(tomllib.loads(raw.decode()), FaultFile)
        for fault in plan.fault:
            re.compile(fault.path)
    except OSError as error:
        raise FaultFileError(f"{path}: {error.strerror or error}") from error
    except RecursionError as error:
        raise FaultFileError(f"{path}: it is nested too deeply") from error
    except (ValueError, re.error) as error:
        raise FaultFileError(f"{path}: {error}") from error
    return plan

"""Inbound: the first poll of many orders, and a WRO of many SKUs."""

import subprocess
from math import ceil
from pathlib import Path
from typing import Final

import msgspec

from ml_connector.bench.child import MODULE, child, next_line, say
from ml_connector.bench.figures import Figure, Measured
from ml_connector.bench.inbound_work import Done, Work
from ml_connector.bench.large_books import LargeBooks

_ORDERS: Final = 100_000
_SKUS: Final = 10_000
_MOST_RATIO: Final = 1.2
_POLL_MEGABYTES: Final = 300.0
_WRO_MEGABYTES: Final = 512.0


def first_poll(folder: Path, *, quick: bool) -> Measured:
    """Measure the first poll: all open orders into the inbox, each read with its lines.

    The floor is the time that the simulator itself spends on the pages.
    """
    orders = _ORDERS // 100 if quick else _ORDERS
    done, served = _measure(folder, orders=orders, skus=5, receive=False)
    wrong = () if done.count == orders + 2 else (f"{done.count} of {orders + 2} orders were read",)
    return Measured(
        name="first-poll",
        about=f"{orders:,} open orders of 5 lines, found and read",
        figures=(
            Figure(name="in all", value=done.seconds, unit="s"),
            Figure(name="processor time", value=done.cpu_seconds, unit="s"),
            Figure(name="floor: NetSuite's pages", value=served, unit="s"),
            Figure(name="ratio", value=done.seconds / served, unit="x", at_most=_MOST_RATIO),
            Figure(name="memory", value=done.megabytes, unit="MB", at_most=_POLL_MEGABYTES),
        ),
        wrong=wrong,
    )


def large_wro(folder: Path, *, quick: bool) -> Measured:
    """Measure a WRO of many SKUs, from the first read to the journal.

    The floor is the time that NetSuite's simulator itself spends.
    """
    skus = _SKUS // 20 if quick else _SKUS
    done, served = _measure(folder, orders=1, skus=skus, receive=True)
    wrong = () if done.count == skus else (f"{done.count} of {skus} lines are in the journal",)
    return Measured(
        name="large-wro",
        about=f"a WRO of {skus:,} SKUs, received and in the journal",
        figures=(
            Figure(name="in all", value=done.seconds, unit="s"),
            Figure(name="processor time", value=done.cpu_seconds, unit="s"),
            Figure(name="floor: NetSuite's answers", value=served, unit="s"),
            Figure(name="memory", value=done.megabytes, unit="MB", at_most=_WRO_MEGABYTES),
            Figure(
                name="item look-ups per 1,000 SKUs",
                value=done.item_queries / ceil(skus / 1000),
                unit="",
                at_most=1.0,
            ),
        ),
        wrong=wrong,
    )


def _measure(folder: Path, *, orders: int, skus: int, receive: bool) -> tuple[Done, float]:
    books = [*MODULE, "large_books", str(orders), str(skus)]
    with (
        child(books, folder / "books.log") as systems,
        child([*MODULE, "inbound_work"], folder / "inbound.log") as worker,
    ):
        large = msgspec.json.decode(_line(systems), type=LargeBooks)
        work = Work(
            folder=str(folder),
            connection=large.connection,
            do="receive" if receive else "poll",
            wro_id=large.wro_id,
        )
        say(worker, msgspec.json.encode(work))
        _line(worker)
        say(systems)
        _line(systems)  # the time until now does not belong to the measure
        say(worker)
        done = msgspec.json.decode(_line(worker), type=Done)
        say(systems)
        return done, msgspec.json.decode(_line(systems), type=float)


def _line(process: "subprocess.Popen[bytes]") -> bytes:
    return next_line(process, "A process of the bench ended too soon")

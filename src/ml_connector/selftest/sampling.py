"""Which worlds are played: each reading alone, all pairs of readings, then whatever is drawn.

Two readings together break things that neither breaks alone, three rarely more. A covering array
holds every pair in few worlds; it is built greedily, world by world (Cohen, Dalal, Fredman and
Patton, *The AETG System*, 1997): the next world takes the pair that is left first, and gives
every other switch the reading that covers most of what is left.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Any, Final, Literal

from ml_connector.sim.readings import Readings, Switch

Kind = Literal["usual", "single", "pairs", "random"]

_SINGLES_SHARE: Final = 0.5
_PAIRS_SHARE: Final = 0.3
_STOPPING_CHANCE: Final = 0.2
_OTHERS: Final = (2, 8)
"""So few to so many readings of a random world are not the usual ones."""

_Cell = tuple[Switch[Any], str]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A world to be played.

    Attributes:
        number: in the order of the sample, from 1.
        kind: why it is played.
    """

    number: int
    kind: Kind
    readings: Readings

    @property
    def seed(self) -> int:
        """Of all that the simulators draw in it."""
        return self.number


def sample(switches: Sequence[Switch[Any]], count: int, *, seed: int) -> list[Sample]:
    """Return so many worlds; the same for the same switches, count and seed. Pure.

    Where all singles and pairs find room, they come first, and the rest is drawn. Else half are
    singles, three in ten are of the pairs, each drawn, and the rest is random.
    """
    random = Random(seed)  # noqa: S311 - a seed must repeat a run; nothing here is secret
    every = list(singles(switches))
    covering = list(pairs(switches, random))
    if count > len(every) + len(covering):
        chosen, covered = every, covering
    else:
        chosen = _drawn(every, round((count - 1) * _SINGLES_SHARE), random)
        covered = _drawn(covering, round((count - 1) * _PAIRS_SHARE), random)
    worlds: list[tuple[Kind, Readings]] = [("usual", Readings())]
    worlds += [("single", one) for one in chosen]
    worlds += [("pairs", one) for one in covered]
    while len(worlds) < count:
        worlds.append(("random", random_world(switches, random)))
    return [
        Sample(number=number, kind=kind, readings=readings)
        for number, (kind, readings) in enumerate(worlds[:count], 1)
    ]


def singles(switches: Sequence[Switch[Any]]) -> Iterator[Readings]:
    """Yield a world for each reading that is not the usual one."""
    for switch in switches:
        for reading in switch.others:
            yield Readings({switch: reading})


def pairs(switches: Sequence[Switch[Any]], random: Random) -> Iterator[Readings]:
    """Yield worlds in which each two readings of two switches are together at least once.

    Readings in which work stops are left out: they would hide what the others do.
    """
    choices = {one: _going_on(one) for one in switches if len(_going_on(one)) > 1}
    left = {
        frozenset({(a, of_a), (b, of_b)})
        for a, b in combinations(choices, 2)
        for of_a in choices[a]
        for of_b in choices[b]
    }
    ordered = sorted(left, key=lambda pair: sorted((one.name, at) for one, at in pair))
    random.shuffle(ordered)
    for pair in ordered:
        if pair in left:
            made = _filled(dict(pair), choices, left, random)
            left -= {frozenset(two) for two in combinations(made.items(), 2)}
            yield Readings(made)


def _filled(
    world: dict[Switch[Any], str],
    choices: Mapping[Switch[Any], Sequence[str]],
    left: set[frozenset[_Cell]],
    random: Random,
) -> dict[Switch[Any], str]:
    """Return the world with a reading for every switch, each the one that covers most."""
    others = [one for one in choices if one not in world]
    random.shuffle(others)
    for switch in others:
        readings = list(choices[switch])
        random.shuffle(readings)
        world[switch] = max(readings, key=lambda one: _covers(world, (switch, one), left))
    return world


def _covers(world: Mapping[Switch[Any], str], cell: _Cell, left: set[frozenset[_Cell]]) -> int:
    return sum(frozenset({cell, other}) in left for other in world.items() if other[0] != cell[0])


def random_world(switches: Sequence[Switch[Any]], random: Random) -> Readings:
    """Return a world with some readings that are not the usual ones."""
    count = min(len(switches), random.randint(*_OTHERS))
    chosen: dict[Switch[Any], str] = {}
    for switch in random.sample(list(switches), count):
        stopping = random.random() < _STOPPING_CHANCE
        others = switch.others if stopping else _going_on(switch)
        chosen[switch] = random.choice(list(others))
    return Readings(chosen)


def _going_on(switch: Switch[Any]) -> list[str]:
    return [one for one in switch.readings if one not in switch.stopping]


def _drawn(worlds: Sequence[Readings], count: int, random: Random) -> list[Readings]:
    return random.sample(worlds, min(count, len(worlds)))

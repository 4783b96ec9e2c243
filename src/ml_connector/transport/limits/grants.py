"""What the database grants under one limit: leased slots in flight, turns per minute.

Every decision is one statement on the database's own clock, so that it holds across all
workers, processes and machines that share the database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ml_connector.moments import CLOCKS_DIFFER, come
from ml_connector.storage.database import Database, recordset, rows
from ml_connector.transport.call import Priority
from ml_connector.transport.limits.pace import WINDOW_SECONDS, pace
from ml_connector.transport.limits.price import LOW_WATER, PRICE_OF_A_CALL, SURCHARGE

_MOST_BLOCK_SECONDS: Final = 3600.0

LONGEST_LEASE_SECONDS: Final = 150.0
"""Nobody leases a slot for longer: the longest call (120 s) and a margin."""

# At one call a minute, with nothing left at ShipBob, the next one is as far away as this.
_LONGEST_TURN_SECONDS: Final = 4 * WINDOW_SECONDS

TURN_SECONDS: Final = LONGEST_LEASE_SECONDS + WINDOW_SECONDS
"""So long a turn counts that nobody says is over: its call may arrive until the lease ends."""

# Who waits because the minute is full asks again after so long at the latest.
_LOOK_AGAIN_SECONDS: Final = 1.0

# Also one that is ours and that we know nothing of: the database went away before it could say
# that we have it, or hear that we give it back.
_IS_FREE: Final = f"""
    ({come("slot.leased_until", "make_interval(secs => %(longest)s)")}
     or slot.holder is not distinct from %(holder)s and not slot.number = any (%(known)s::int[]))
"""
_IS_OPEN: Final = come("blocked_until", f"make_interval(secs => {_MOST_BLOCK_SECONDS})")

# The ceiling after a 429: one more is dared every minute, up to what is configured.
_CEILING: Final = """
    greatest(1, least(%(in_flight)s::int, coalesce(
        case when lowered_at <= clock_timestamp() then
            ceiling + floor(extract(epoch from clock_timestamp() - lowered_at) / 60)::int end,
        %(in_flight)s::int)))
"""

_PREPARE_STATE: Final = """
    insert into limit_state (limit_key) values (%(key)s) on conflict do nothing
"""

_PREPARE_SLOTS: Final = """
    insert into slot (limit_key, number)
    select %(key)s, generate_series(1, %(in_flight)s::int) on conflict do nothing
"""

# The highest slot is the reserve: bulk calls leave it to live ones, unless it is the only one.
_TAKE_SLOTS: Final = f"""
    with allowed as (
        select limit_key, {_CEILING} as ceiling,
            case when {_IS_OPEN} then '-infinity' else blocked_until end as blocked_until
        from limit_state where limit_key = %(key)s
    ), free as (
        select slot.number from slot join allowed using (limit_key)
        where slot.number <= allowed.ceiling - case
                when %(bulk)s::boolean and allowed.ceiling > 1 then 1 else 0 end
            and {_IS_FREE}
            and allowed.blocked_until <= clock_timestamp()
        order by slot.number
        limit greatest(0, least(%(count)s::int, (select ceiling from allowed) - (
            select count(*) from slot where limit_key = %(key)s and not {_IS_FREE})))
        for update of slot skip locked
    ), took as (
        update slot
        set holder = %(holder)s,
            leased_until = clock_timestamp() + make_interval(secs => %(lease)s)
        from free where slot.limit_key = %(key)s and slot.number = free.number
        returning slot.number, slot.leased_until
    )
    select took.number, took.leased_until::text as leased_until, allowed.ceiling,
        extract(epoch from greatest(allowed.blocked_until, now()) - now())::float8 as blocked
    from allowed left join took on true
"""  # noqa: S608 - the only part put in is the constant above

_GIVE_BACK: Final = """
    update slot set holder = null, leased_until = '-infinity'
    from json_to_recordset(%(slots)s) as own (number int, leased_until timestamptz)
    where slot.limit_key = %(key)s and slot.number = own.number
        and slot.holder = %(holder)s and slot.leased_until = own.leased_until
"""

_SECOND: Final = "floor(extract(epoch from clock_timestamp()))::bigint"

COUNT_ON: Final = f"""
    insert into minute_turn (limit_key, holder, second, turns, counts_until)
    select limit_key, '', {_SECOND}, sum(turns),
        clock_timestamp() + make_interval(secs => {WINDOW_SECONDS})
    from over group by limit_key having sum(turns) > 0
    on conflict (limit_key, holder, second) do update set
        turns = minute_turn.turns + excluded.turns, counts_until = excluded.counts_until
"""  # noqa: S608 - put together from constants of ours
"""Lets turns that are over (``over``: limit_key, turns) count for a minute from now on."""

_EARLY: Final = "make_interval(secs => case when remaining < %(low)s then 0 else %(early)s end)"

# One that is further away than any can be is now: the call goes, and no burst with it.
_NEXT_AT: Final = f"""
    case when next_at > clock_timestamp() + make_interval(secs => {_LONGEST_TURN_SECONDS})
        then now() + {_EARLY} else next_at end
"""

# GCRA: next_at is the theoretical arrival time. No burst near the limit, and a call costs more.
# And never more than the limit between a turn and a minute after its call was over: whenever a
# call arrived in between, no window of a minute holds more.
_TAKE_TURN: Final = f"""
    with counted as materialized (
        select counted_turns(%(key)s, make_interval(secs => %(longest)s)) as turns
    ), took as (
        update limit_state
        set next_at = greatest({_NEXT_AT}, clock_timestamp()) + make_interval(secs => %(gap)s
            * (%(price)s + %(surcharge)s * greatest(0, %(low)s - remaining)))
        from counted
        where limit_key = %(key)s and {_IS_OPEN}
            and {_NEXT_AT} - {_EARLY} <= clock_timestamp()
            and counted.turns < %(most)s
        returning 1
    ), noted as (
        insert into minute_turn (limit_key, holder, second, turns, counts_until)
        select %(key)s, %(holder)s, {_SECOND}, 1,
            clock_timestamp() + make_interval(secs => %(counts)s)
        from took
        on conflict (limit_key, holder, second) do update set
            turns = minute_turn.turns + 1, counts_until = excluded.counts_until
        returning second
    )
    select (select second from noted) as second, remaining,
        extract(epoch from greatest(
            {_NEXT_AT} - {_EARLY}, case when {_IS_OPEN} then '-infinity' else blocked_until end,
            case when counted.turns < %(most)s then now() else least(
                now() + make_interval(secs => {_LOOK_AGAIN_SECONDS}),
                (select min(counts_until) from minute_turn where limit_key = %(key)s)) end,
            now()) - now())::float8 as wait
    from limit_state cross join counted where limit_key = %(key)s
"""  # noqa: S608 - put together from constants of ours

# Turns that were given back unused leave no trace.
_TURNS_OVER: Final = f"""
    with over as (
        update minute_turn as m set turns = m.turns - o.used - o.unused
        from json_to_recordset(%(over)s) as o (second bigint, used int, unused int)
        where m.limit_key = %(key)s and m.holder = %(holder)s and m.second = o.second
        returning m.limit_key, o.used as turns
    )
    {COUNT_ON}
"""  # noqa: S608 - put together from constants of ours

_LOWER: Final = f"""
    update limit_state set ceiling = greatest(1, {_CEILING} - 1), lowered_at = clock_timestamp()
    where limit_key = %(key)s
"""  # noqa: S608 - the only part put in is the constant above

_BLOCK: Final = f"""
    update limit_state set blocked_until = greatest(
        case when {_IS_OPEN} then '-infinity' else blocked_until end,
        clock_timestamp() + make_interval(secs => %(seconds)s))
    where limit_key = %(key)s
"""  # noqa: S608 - put together from constants of ours

_NOTE_REMAINING: Final = """
    update limit_state set remaining = %(remaining)s where limit_key = %(key)s
"""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is configured for one limit; None: not limited that way.

    Attributes:
        in_flight: most calls at the same time.
        per_minute: most calls in any sliding window of 60 seconds.
    """

    in_flight: int | None = None
    per_minute: int | None = None

    def __post_init__(self) -> None:
        for value in (self.in_flight, self.per_minute):
            if value is not None and value < 1:
                raise ValueError(f"a limit is at least 1, not {value}")


@dataclass(frozen=True)
class Slot:
    """A leased slot.

    Attributes:
        number: its place among the slots of the limit, from 1.
        leased_until: as the database writes it; recognises this very lease.
        taken_at: when it was taken (``elapsed.seconds``).
        reserved: it is the one that bulk calls leave free.
    """

    number: int
    leased_until: str
    taken_at: float
    reserved: bool


class Pass(NamedTuple):
    """What a call goes with.

    Attributes:
        slot: where calls in flight are limited.
        second: in which its turn was taken, where calls of a minute are limited.
    """

    slot: Slot | None = None
    second: int | None = None


class TurnsOver(NamedTuple):
    """How many turns of a second are over: with a call that was sent, or without one."""

    used: int
    unused: int


@dataclass(frozen=True)
class NoSlot:
    """No slot now.

    Attributes:
        blocked_seconds: nobody sends before that; 0 when it is only that all are taken.
    """

    blocked_seconds: float


@dataclass(frozen=True)
class MinuteGrant:
    """The answer to a request for one call of the minute.

    Attributes:
        second: in which the turn was taken; None: the call may not go now.
        wait_seconds: when to ask again, if it was not granted.
        remaining: what the other system last said is left.
    """

    second: int | None
    wait_seconds: float
    remaining: int | None

    @property
    def granted(self) -> bool:
        """Whether the call may go now."""
        return self.second is not None


class Grants:
    """The database's side of one limit, asked in the name of one holder."""

    def __init__(
        self, database: Database, limit_key: str, *, holder: str, lease_seconds: float
    ) -> None:
        self._database = database
        self._key = limit_key
        self._holder = holder
        self._lease_seconds = lease_seconds
        self._known: set[int] = set()

    async def prepare(self, rule: Rule) -> None:
        """Make the rows that the limit needs. Runs twice harmlessly."""
        async with self._database.transaction() as connection:
            await rows(connection, _PREPARE_STATE, {"key": self._key})
            if rule.in_flight is not None:
                parameters = {"key": self._key, "in_flight": rule.in_flight}
                await rows(connection, _PREPARE_SLOTS, parameters)

    async def take_slots(
        self, in_flight: int, count: int, priority: Priority, now: float
    ) -> list[Slot] | NoSlot:
        """Lease free slots for longer than the longest call takes.

        Args:
            in_flight: the configured limit.
            count: so many at most.
            priority: bulk calls never get the reserved slot.
            now: ``elapsed.seconds``.

        Returns:
            At least one slot; or that there is none.
        """
        parameters = {
            "key": self._key,
            "in_flight": in_flight,
            "count": count,
            "bulk": priority >= Priority.BULK,
            "holder": self._holder,
            "lease": self._lease_seconds,
            "longest": max(self._lease_seconds, LONGEST_LEASE_SECONDS),
            "known": list(self._known),
        }
        found = await self._database.fetch(_TAKE_SLOTS, parameters, repeatable=True)
        if not found:
            raise LookupError(f"the limit {self._key} has no row")
        if found[0]["number"] is None:
            return NoSlot(max(0.0, found[0]["blocked"]))
        self._known.update(row["number"] for row in found)
        return [
            Slot(
                row["number"],
                row["leased_until"],
                now,
                row["ceiling"] > 1 and row["number"] >= row["ceiling"],
            )
            for row in sorted(found, key=lambda row: row["number"])
        ]

    async def give_back(self, slots: Sequence[Slot]) -> None:
        """Free slots, unless a lease ran out and somebody else has it now."""
        own = [{"number": one.number, "leased_until": one.leased_until} for one in slots]
        parameters = {"key": self._key, "holder": self._holder, "slots": recordset(own)}
        try:
            await self._database.fetch(_GIVE_BACK, parameters, repeatable=True)
        finally:
            self._known.difference_update(one.number for one in slots)

    async def take_turn(self, per_minute: int, priority: Priority) -> MinuteGrant:
        """Ask for one call of the minute. Its turn counts until ``turns_over`` says so."""
        chosen = pace(per_minute)
        parameters = {
            "key": self._key,
            "gap": chosen.gap_seconds,
            "early": chosen.early_seconds(priority),
            "most": max(1, per_minute - chosen.kept(priority)),
            "holder": self._holder,
            "counts": TURN_SECONDS,
            "longest": TURN_SECONDS + CLOCKS_DIFFER.total_seconds(),
            "low": LOW_WATER,
            "price": PRICE_OF_A_CALL,
            "surcharge": SURCHARGE,
        }
        found = await self._database.fetch(_TAKE_TURN, parameters, repeatable=True)
        if not found:
            raise LookupError(f"the limit {self._key} has no row")
        [row] = found
        return MinuteGrant(row["second"], max(0.0, row["wait"]), row["remaining"])

    async def turns_over(self, over: Mapping[int, TurnsOver]) -> None:
        """Say whose calls are over: they count for a minute from now on, by the database's clock.

        Not to be said twice.

        Args:
            over: by the second in which the turns were taken.
        """
        own = [{"second": second, **counts._asdict()} for second, counts in over.items()]
        parameters = {"key": self._key, "holder": self._holder, "over": recordset(own)}
        await self._database.fetch(_TURNS_OVER, parameters)

    async def lower(self, in_flight: int) -> None:
        """Set the ceiling one lower than it is now, at least 1."""
        await self._database.fetch(_LOWER, {"key": self._key, "in_flight": in_flight})

    async def block(self, seconds: float) -> float:
        """Let nobody send for so long, at most an hour. Returns the seconds taken."""
        taken = min(max(0.0, seconds), _MOST_BLOCK_SECONDS)
        await self._database.fetch(_BLOCK, {"key": self._key, "seconds": taken})
        return taken

    async def note_remaining(self, remaining: int) -> None:
        """Keep what the other system said is left in its window."""
        await self._database.fetch(_NOTE_REMAINING, {"key": self._key, "remaining": remaining})

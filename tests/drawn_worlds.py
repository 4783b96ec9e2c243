"""The world that tests of both systems are played in: ``MLC_TEST_WORLD``, a file or a seed.

A seed draws one in which work goes on, so that a test expects there what it always expects; it
leaves out what tests set up themselves.
"""

import os
from pathlib import Path
from random import Random

from ml_connector.sim.readings import SWITCHES, Readings, read_world_file
from ml_connector.sim.readings.netsuite_accounts import COMPANY, PICKING, UNITS
from ml_connector.sim.readings.netsuite_queries import WRITES_SEEN
from ml_connector.sim.readings.shipbob_rules import NEW_WRO, STOCK_LEVELS
from ml_connector.sim.readings.shipbob_values import FINAL_DESTINATION
from ml_connector.sim.readings.shipbob_words import STATUSES

SET_UP_BY_TESTS = frozenset({COMPANY, UNITS, PICKING})
"""What tests set up by themselves, each as its story wants it."""

OTHERWISE = frozenset({STATUSES, WRITES_SEEN, NEW_WRO, STOCK_LEVELS, FINAL_DESTINATION})
"""By these, tests would have to expect something else than they do.

Work stops for a while, until a parcel has left or seconds are over; or units lie at a hub's
location, where a month end shows them as in transit (SB-029).
"""


def going_on(seed: int) -> Readings:
    """Draw a reading for every switch, none by which a careful integration stops."""
    random = Random(seed)
    return Readings(
        {
            switch: random.choice([one for one in switch.readings if one not in switch.stopping])
            for switch in SWITCHES
            if switch not in SET_UP_BY_TESTS | OTHERWISE
        }
    )


def of_environment() -> Readings:
    """Return the world that ``MLC_TEST_WORLD`` names; the usual one where it names none."""
    named = os.environ.get("MLC_TEST_WORLD", "")
    if not named:
        return Readings()
    return going_on(int(named)) if named.isdecimal() else read_world_file(Path(named))

"""How a process that runs for long looks after its memory."""

import gc
from typing import Final

# A run makes some thousands of objects that are gone at its end by themselves.
_NEW_OBJECTS: Final = 3_000


def spare_what_stays() -> None:
    """Let the search for garbage pass over what is there now, which stays for ever.

    To be called once everything is loaded. Else each thorough search goes through all
    modules again, and stops the event loop for a fifth of a second every few seconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 10, 10)

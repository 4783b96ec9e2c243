"""How a process of ours starts another one: with the modules of this installation only."""

import sys
from typing import Final

MODULE: Final = (sys.executable, "-P", "-m")
"""The interpreter and its options, to be followed by the name of a module.

``-P`` keeps the current folder off the path on which modules are looked for: a file
``uvicorn.py`` that lies there would run instead of the library, with all our rights.
"""

COMMAND: Final = (*MODULE, "ml_connector")
"""The command, to be followed by its arguments."""

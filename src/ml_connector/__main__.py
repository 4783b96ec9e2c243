"""``python -m ml_connector`` is the command."""

import sys

# With ``-m`` the current folder comes first on the path: what lies there is not ours.
if not sys.flags.safe_path:
    del sys.path[0]

from ml_connector.cli import main

main()

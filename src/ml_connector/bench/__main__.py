"""A process of the bench: ``python -m ml_connector.bench NAME ...`` runs the module NAME."""

import sys
from importlib import import_module

from ml_connector.app.installation.parent_watch import end_with_parent
from ml_connector.no_core_dumps import forbid_core_dumps


def main() -> None:
    """Run the module that the first argument names, with the other arguments."""
    forbid_core_dumps()
    end_with_parent()
    import_module(f"ml_connector.bench.{sys.argv.pop(1)}").main()


if __name__ == "__main__":
    main()

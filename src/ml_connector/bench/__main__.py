"""A process of the bench: ``python -m ml_connector.bench NAME ...`` runs the module NAME."""

import sys
from importlib import import_module

from ml_connector.app.installation.parent_watch import end_with_parent


def main() -> None:
    """Run the module that the first argument names, with the other arguments."""
    end_with_parent()
    import_module(f"ml_connector.bench.{sys.argv.pop(1)}").main()


if __name__ == "__main__":
    main()

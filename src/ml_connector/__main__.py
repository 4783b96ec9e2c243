"""``python -m ml_connector`` is the command."""

from ml_connector.cli import main

main()

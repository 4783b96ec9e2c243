"""The operating system account that runs the PostgreSQL server, and running programs as it.

PostgreSQL refuses to run as root. An ordinary user runs it with his own account. Root runs it with
an existing account without privileges: the owner of the cluster if there is one, else ``postgres``
or ``nobody``. Such an account often can't pass the folders above the data or the wheel (a home
with mode 0700, a temporary folder). We never open those folders to everybody. Only in that case
``setpriv`` of util-linux gives the server the one capability to pass and read folders.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ml_connector.errors import UserError
from ml_connector.storage.postgres_binaries import OTHER_DATABASE

ACCOUNTS = ("postgres", "nobody")
_STATUS = Path("/proc/self/status")
# capabilities(7). Root in a container often has only the second one; the first can't write.
_PASSING_CAPABILITIES = (("dac_read_search", 2), ("dac_override", 1))


@dataclass(frozen=True)
class ServerAccount:
    """An account and the way to run a program as it.

    Attributes:
        uid: the account's number.
        gid: its first group.
        name: for messages.
        switches: we are root and become this account.
        capability: the capability that the program keeps of root's; empty: none.
    """

    uid: int
    gid: int
    name: str
    switches: bool
    capability: str = ""

    def run(
        self,
        command: Sequence[str | Path],
        *,
        stderr: int = subprocess.PIPE,
        keep_open: Sequence[int] = (),
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the account to its end, in a session of its own.

        It gets no ctrl-C of our terminal and none of our other files. Of our environment it gets
        only what PostgreSQL should see, so that no ``PG*`` variable changes the server.

        Args:
            command: program and arguments.
            stderr: where its standard error goes: captured, or an open file.
            keep_open: open files that it inherits.
        """
        plain = self.switches and not self.capability
        return subprocess.run(  # noqa: S603 - a program of the wheel
            [*self._becoming(), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            errors="replace",
            check=False,
            pass_fds=keep_open,
            start_new_session=True,
            cwd="/",
            env=_environment(),
            user=self.uid if plain else None,
            group=self.gid if plain else None,
            extra_groups=[] if plain else None,
        )

    def _becoming(self) -> list[str]:
        if not self.capability:
            return []
        only = f"-all,+{self.capability}"
        return [
            "setpriv",
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            "--clear-groups",
            f"--inh-caps={only}",
            f"--ambient-caps={only}",
            f"--bounding-set={only}",
            # Without this, initdb's access(2) to its programs ignores the capability.
            "--securebits=+no_setuid_fixup",
            "--",
        ]


def choose_account(cluster: Path) -> ServerAccount:
    """Choose the account that runs the server of this cluster, which need not exist yet.

    Raises:
        UserError: the cluster belongs to another user, or root finds no account to use.
    """
    owner = _owner(cluster)
    me = os.geteuid()
    if me != 0:
        if owner not in (None, me):
            raise UserError(
                f"The database belongs to the user {_name(owner)}, not to {_name(me)}",
                where=str(cluster),
                next_step=f"Run the command as {_name(owner)}, or choose another MLC_DATA_DIR.",
            )
        return ServerAccount(uid=me, gid=os.getegid(), name=_name(me), switches=False)
    if owner:
        return ServerAccount(uid=owner, gid=_group(cluster), name=_name(owner), switches=True)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerAccount(uid=entry.pw_uid, gid=entry.pw_gid, name=name, switches=True)
    raise UserError(
        "PostgreSQL does not run as root, and there is no account"
        f" {' or '.join(ACCOUNTS)} to run it as",
        where=str(cluster),
        next_step=f"Run the command as an ordinary user. {OTHER_DATABASE}",
    )


def able_to_reach(account: ServerAccount, program: Path, folder: Path) -> ServerAccount:
    """Return the account, able to pass the folders above the program and the data.

    Args:
        account: as chosen.
        program: must be executable for it.
        folder: must be passable for it.

    Raises:
        UserError: the account can't pass those folders, and can't be enabled to.
    """
    if not account.switches or _reaches(account, program, folder):
        return account
    capability = _passing_capability()
    if not capability:
        obstacle = "root has no capability here to lend it"
    elif not shutil.which("setpriv"):
        obstacle = "setpriv (of util-linux) is missing"
    else:
        armed = replace(account, capability=capability)
        if _reaches(armed, program, folder):
            return armed
        obstacle = "setpriv can't help it here"
    raise UserError(
        f"Root runs PostgreSQL as the account {account.name}, which can't pass the folders"
        f" above its data or its programs, and {obstacle}",
        where=f"{folder} and {program.parent}",
        next_step="Choose an MLC_DATA_DIR in a folder that everybody may pass (mode 0755),"
        f" or run the command as an ordinary user. {OTHER_DATABASE}",
    )


def _reaches(account: ServerAccount, program: Path, folder: Path) -> bool:
    test = 'test -x "$1" && test -r "$1" && test -x "$2"'
    return account.run(["/bin/sh", "-c", test, "sh", program, folder]).returncode == 0


def _passing_capability() -> str:
    try:
        status = _STATUS.read_text(encoding="utf-8")
    except OSError:
        return ""
    held = next(
        (int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:")),
        0,
    )
    return next((name for name, bit in _PASSING_CAPABILITIES if held >> bit & 1), "")


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "LC_ALL": "C", "TZ": "UTC", **kept}


def _owner(cluster: Path) -> int | None:
    try:
        return cluster.stat().st_uid
    except FileNotFoundError:
        return None


def _group(cluster: Path) -> int:
    return cluster.stat().st_gid


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return f"number {uid}"

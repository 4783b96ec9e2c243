"""``connection certificate``: a key pair for NetSuite, and its rotation."""

import re
import stat
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.sign_in.certificate_files import PairFiles, make_files, upload_steps
from ml_connector.app.sign_in.certificate_rotation import Rotated, Rotation
from ml_connector.cli.context import current
from ml_connector.errors import UserError
from ml_connector.ledger.alarms.alarms import end_alarms
from ml_connector.netsuite.sign_in.certificates import MOST_DAYS
from ml_connector.words import AlarmKind


class Key(StrEnum):
    """Kinds of keys that can be made."""

    EC = "ec"
    RSA = "rsa"


def certificate(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Of the connection.")] = None,
    renew: Annotated[
        bool,
        typer.Option("--renew", help="Rotate through NetSuite's own service, without a person."),
    ] = False,
    key: Annotated[
        Key, typer.Option("--key", help="ec: P-256, signs ES256; rsa: 4096 bits, signs PS256.")
    ] = Key.EC,
    days: Annotated[
        int, typer.Option("--days", help="How long it is valid; NetSuite takes at most two years.")
    ] = MOST_DAYS,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the two files.")
    ] = Path(),
    anew: Annotated[
        bool, typer.Option("--anew", help="Put files that are there aside and make new ones.")
    ] = False,
) -> None:
    """Make a key and certificate for NetSuite and say what to upload where; or rotate it."""
    context = current()
    chosen = name or context.options.connection
    if renew:
        _renew(chosen, key)
        return
    if chosen is None or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", chosen):
        raise UserError(
            "The connection is not named" if chosen is None else f'"{chosen}" is no name',
            where="connection certificate",
            next_step="Write the name that the connection has or will have, of a-z, 0-9, _ and -:"
            " ml-connector connection certificate acme.",
            usage=True,
        )
    if not out.is_dir():
        raise UserError(
            "There is no such folder", where=str(out), next_step="Make it, or choose another."
        )
    files = make_files(chosen, out, kind=key.value, days=days, now=datetime.now(UTC), anew=anew)
    steps = upload_steps(chosen, files)
    _print_files(files)
    for number, step in enumerate(steps, 1):
        context.printer.line(f"{number}. {step}")
    context.printer.answer({**_as_json(files), "steps": steps})


def _renew(name: str | None, key: Key) -> None:
    context = current()
    if name is not None:
        context.named(name)
    person = context.person()

    async def do(installation: Installation) -> tuple[str, Rotated, list[str]]:
        applied = await context.applied(installation)
        rotation = Rotation(installation, applied.name, person=person)
        revoked = await rotation.revoke_old()
        rotated = await rotation.renew(kind=key.value)
        async with installation.database.transaction() as on:
            await end_alarms(on, applied.name, AlarmKind.CERTIFICATE)
        return applied.name, rotated, revoked

    done, rotated, revoked = context.run(do)
    printer = context.printer
    until = f"{rotated.valid_until:%Y-%m-%d}" if rotated.valid_until else "not known"
    printer.line(f'Connection "{done}" signs in to NetSuite with a new certificate.')
    printer.line(f"New      {rotated.new}, valid until {until}")
    printer.line(
        f"Old      {rotated.old}, will be revoked after {rotated.revoke_after:%Y-%m-%d %H:%M} UTC,"
        " when its last token has run out: by a worker that runs then, or by ml-connector sync"
        " credentials."
    )
    for one in revoked:
        printer.line(f"Revoked  {one}")
    printer.line(
        "The new key is kept encrypted in the database. The connection file may stay as it is:"
        " applying it does not bring the old certificate back."
    )
    printer.answer(
        {
            "name": done,
            "old_certificate_id": rotated.old,
            "certificate_id": rotated.new,
            "valid_until": rotated.valid_until,
            "revoke_old_after": rotated.revoke_after,
            "revoked": revoked,
        }
    )


def _print_files(files: PairFiles) -> None:
    printer = current().printer
    said = "Made" if files.made else "There already, and kept"
    mode = stat.S_IMODE(files.key_file.stat().st_mode)
    printer.line(f"{said}:", style="bold")
    printer.line(f"  private key   {files.key_file} ({mode:04o}): never leaves this machine")
    printer.line(f"  certificate   {files.certificate_file}: this one is uploaded")
    printer.line(
        f"  signs         {files.certificate.algorithm}, valid until"
        f" {files.certificate.valid_until:%Y-%m-%d}"
    )
    printer.line("In NetSuite:", style="bold")


def _as_json(files: PairFiles) -> dict[str, Any]:
    return {
        "private_key": str(files.key_file),
        "certificate": str(files.certificate_file),
        "algorithm": files.certificate.algorithm,
        "valid_from": files.certificate.valid_from,
        "valid_until": files.certificate.valid_until,
        "made": files.made,
    }

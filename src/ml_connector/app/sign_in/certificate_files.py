"""The files of a key pair that a person uploads to NetSuite, and the steps to do it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ml_connector import private_files
from ml_connector.errors import UserError
from ml_connector.netsuite.sign_in.certificates import (
    Certificate,
    KeyKind,
    check_days,
    check_pair,
    make_pair,
)
from ml_connector.secret import Secret


@dataclass(frozen=True, kw_only=True)
class PairFiles:
    """The files of a key pair.

    Attributes:
        made: False when the pair was there already and can still be used.
    """

    key_file: Path
    certificate_file: Path
    certificate: Certificate
    made: bool


def make_files(
    name: str, folder: Path, *, kind: KeyKind, days: int, now: datetime, anew: bool
) -> PairFiles:
    """Write a new key and certificate, readable only by their owner.

    A pair that is there already is kept, because NetSuite may know its certificate.

    Args:
        name: of the connection; the files are ``NAME-netsuite.pem`` and ``.cer``.
        folder: where to.
        kind: of the key.
        days: how long the certificate is valid.
        now: aware.
        anew: put old files aside (``.old-N``) instead of keeping them.

    Raises:
        UserError: the certificate would be valid for too long, only one of the two files is
            there, or they can't be used or written.
    """
    check_days(days)
    key_file = folder / f"{name}-netsuite.pem"
    certificate_file = folder / f"{name}-netsuite.cer"
    if anew:
        _put_aside(key_file, certificate_file)
    there = [file for file in (key_file, certificate_file) if file.exists()]
    if there:
        return PairFiles(
            key_file=key_file,
            certificate_file=certificate_file,
            certificate=_kept(key_file, certificate_file, there, now),
            made=False,
        )
    pair = make_pair(name, kind=kind, now=now, days=days)
    _write(key_file, pair.private_key.reveal())
    _write(certificate_file, pair.certificate.pem)
    return PairFiles(
        key_file=key_file,
        certificate_file=certificate_file,
        certificate=pair.certificate,
        made=True,
    )


def upload_steps(name: str, files: PairFiles) -> list[str]:
    """Return what to do in NetSuite, one step each (netsuite.md sections 3.4 and 12)."""
    return [
        (
            "Setup > Company > Enable Features > SuiteCloud: switch on REST Web Services and"
            " OAuth 2.0; under Analytics, SuiteAnalytics Workbook."
        ),
        (
            "Setup > Users/Roles > Manage Roles > New: a role of its own with the permissions of"
            " docs/reference/netsuite-role.md; not Administrator."
        ),
        (
            "Lists > Employees > New: a user of its own with access and that role. Home > Set"
            " Preferences as that user: language English (U.S.)."
        ),
        (
            "Setup > Integration > Manage Integrations > New: name ml-connector; tick Client"
            " Credentials (Machine to Machine) Grant and the scope REST Web Services; leave the"
            " others empty. Save, and copy the client id: it is shown only now."
        ),
        (
            "Setup > Integration > Manage Authentication > OAuth 2.0 Client Credentials (M2M)"
            " Setup > Create New: that user, that role, that application, and the file"
            f" {files.certificate_file}. Save, and copy the certificate id."
        ),
        (
            "Put client id and certificate id into the connection file, with the two files:\n"
            "    [netsuite]\n"
            '    client_id = "..."\n'
            '    certificate_id = "..."\n'
            f'    private_key = "file:{files.key_file}"\n'
            f'    certificate = "file:{files.certificate_file}"'
        ),
        f"Apply it and look: ml-connector connection apply FILE, then ml-connector ping {name}.",
    ]


def _kept(key_file: Path, certificate_file: Path, there: list[Path], now: datetime) -> Certificate:
    anew = "Put them elsewhere, or let them be put aside and made anew with --anew."
    if len(there) == 1:
        raise UserError(
            "Of key and certificate only one file is there",
            where=str(there[0]),
            next_step=anew,
        )
    try:
        key, certificate = (file.read_text("utf-8") for file in (key_file, certificate_file))
        return check_pair(Secret(key), certificate, now=now)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"The files that are there can't be read: {error}",
            where=str(key_file.parent),
            next_step=anew,
        ) from error
    except UserError as error:
        raise UserError(
            f"The files that are there can't be used: {error}",
            where=f"{key_file}, {certificate_file}",
            next_step=anew,
        ) from error


def _put_aside(*files: Path) -> None:
    number = 1
    while any(Path(f"{file}.old-{number}").exists() for file in files):
        number += 1
    for file in files:
        if file.exists():
            file.rename(f"{file}.old-{number}")


def _write(file: Path, text: str) -> None:
    try:
        with private_files.new(file) as opened:
            opened.write(text.encode())
    except OSError as error:
        raise UserError(
            f"The file can't be written: {error.strerror}",
            where=str(file),
            next_step="Choose a folder that can be written to with --out.",
        ) from error

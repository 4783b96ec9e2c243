"""Whom we trust: the certificate authorities of this machine, whatever the environment says."""

import re
import ssl
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

_BUNDLES: Final = (
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/cert.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)
"""Where Linux distributions keep their list, for a Python that was built on another one."""

# A folder of authorities holds each under the hash of its name (OpenSSL, c_rehash).
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+", re.IGNORECASE)


@cache
def trusting_this_machine() -> ssl.SSLContext:
    """Return the client's side of TLS, made once in a process: the list takes long to read."""
    # Not OpenSSL's own default: that lets SSL_CERT_FILE and SSL_CERT_DIR say whom to trust.
    built_in = ssl.get_default_verify_paths()
    file, folder = authorities(built_in.openssl_cafile, built_in.openssl_capath, _BUNDLES)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if file or folder:
        context.load_verify_locations(file, folder)
    return context


@cache
def file_of_this_machine() -> Path | None:
    """Return the list of this machine's authorities, for who reads one file; None for none."""
    places = (ssl.get_default_verify_paths().openssl_cafile, *_BUNDLES)
    return next((Path(each) for each in places if Path(each).is_file()), None)


def authorities(file: str, folder: str, bundles: Iterable[str]) -> tuple[Path | None, Path | None]:
    """Return the file and the folder that hold this machine's authorities; None for none.

    Args:
        file: where OpenSSL was built to look for the list.
        folder: where it was built to look for single authorities.
        bundles: lists to take the first of where neither of them holds any.
    """
    found = Path(file) if Path(file).is_file() else None
    singles = Path(folder) if Path(folder).is_dir() else None
    if singles and not found and not any(_HASHED.fullmatch(one.name) for one in singles.iterdir()):
        singles = None
    if not found and not singles:
        found = next((Path(each) for each in bundles if Path(each).is_file()), None)
    return found, singles

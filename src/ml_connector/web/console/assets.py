"""Styles, scripts, fonts and icons: read once, told apart by what they hold."""

import functools
import gzip
import hashlib
from http import HTTPStatus
from importlib import resources
from types import MappingProxyType
from typing import Final

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException

from ml_connector.web.address import WebRequest

_TYPES: Final = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
    }
)
_PACKED: Final = frozenset({".css", ".js", ".svg"})
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file; ``packed`` is the same as gzip, or empty."""

    body: bytes
    packed: bytes
    content_type: str


class Assets(msgspec.Struct, frozen=True, kw_only=True):
    """All files; ``version`` changes with any of them."""

    version: str
    files: dict[str, Asset]


@functools.cache
def assets() -> Assets:
    """Return all files of the console."""
    folder = resources.files("ml_connector.web.console").joinpath("static")
    files, digest = dict[str, Asset](), hashlib.sha256()
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        ending = f".{one.name.rpartition('.')[2]}"
        if ending in _TYPES:
            body = one.read_bytes()
            digest.update(one.name.encode() + body)
            packed = gzip.compress(body, mtime=0) if ending in _PACKED else b""
            files[one.name] = Asset(body=body, packed=packed, content_type=_TYPES[ending])
    return Assets(version=digest.hexdigest()[:12], files=files)


def asset_path(name: str) -> str:
    """Return the address of a file; another one whenever any file has changed."""
    if name not in assets().files:
        raise LookupError(f"the console has no file {name}")
    return f"/static/{assets().version}/{name}"


@get("/static/{version:str}/{name:str}", include_in_schema=False, sync_to_thread=False)
def asset(request: WebRequest, version: str, name: str) -> Response[bytes]:
    """Answer with a file, which browsers keep."""
    del version
    found = assets().files.get(name)
    if found is None:
        raise NotFoundException
    headers = {"cache-control": _FOR_GOOD, "vary": "accept-encoding"}
    body = found.body
    if found.packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"], body = "gzip", found.packed
    return Response(
        body, status_code=HTTPStatus.OK, media_type=found.content_type, headers=headers
    )

"""What a person can do in the console can be done by command and by API, and the reverse.

Two tables, held against the routes and commands that there are.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import pytest
from litestar import Router

from docs import pages, shell
from ml_connector.web.api import PATH, api_router
from ml_connector.web.console import console_routers

READING: Final = {"GET", "HEAD", "OPTIONS"}


ITS_FILE_IS_DELETED: Final = ""
"""What a command knows of a set-up is its file."""


class Elsewhere(NamedTuple):
    """The same act by command, and by API."""

    command: str
    api: str


ACTS: Final[Mapping[str, Elsewhere]] = {
    "/account/password": Elsewhere("user password", "PUT /users/{name}/password"),
    "/account/sessions/{session}/end": Elsewhere(
        "user sign-out", "DELETE /users/{name}/sessions/{session}"
    ),
    "/account/sign-out-everywhere": Elsewhere("user sign-out", "DELETE /users/{name}/sessions"),
    "/alarms/channels/{channel}/test": Elsewhere(
        "alarms test", "POST /alarms/channels/{channel}/test"
    ),
    "/attention/again": Elsewhere("events decide", "POST /attention/again"),
    "/attention/assign": Elsewhere("events assign", "POST /attention/assign"),
    "/audit-trail/undo": Elsewhere("journal undo", "POST /journal/undo"),
    "/audit-trail/undo/preview": Elsewhere("journal undo", "POST /journal/undo/preview"),
    "/audit-trail/verify": Elsewhere("audit verify", "POST /journal/verify"),
    "/connect": Elsewhere("connection apply", "POST /drafts"),
    "/connect/{name}/certificate": Elsewhere(
        "connection certificate", "POST /drafts/{name}/certificate"
    ),
    "/connect/{name}/discard": Elsewhere(ITS_FILE_IS_DELETED, "DELETE /drafts/{name}"),
    "/connect/{name}/live": Elsewhere("connection set-mode", "PUT /connections/{name}/mode"),
    "/connect/{name}/look": Elsewhere("connection preview", "POST /drafts/{name}/look"),
    "/connect/{name}/plan": Elsewhere("plan", "POST /connections/{name}/plan"),
    "/connect/{name}/sync": Elsewhere("sync", "POST /connections/{name}/sync"),
    "/connect/{name}/try": Elsewhere("connection apply", "POST /drafts/{name}/apply"),
    "/connect/{name}/{step}": Elsewhere("connection preview", "POST /drafts/{name}/try"),
    "/connections/ping": Elsewhere("ping", "POST /ping"),
    "/connections/{name}/pause": Elsewhere("connection pause", "POST /connections/{name}/pause"),
    "/connections/{name}/resume": Elsewhere(
        "connection resume", "POST /connections/{name}/resume"
    ),
    "/decisions/{decision_id}/take-back": Elsewhere(
        "events undecide", "POST /decisions/{decision_id}/take-back"
    ),
    "/events/replay": Elsewhere("events replay", "POST /events/replay"),
    "/flows/invoices/fee-audit": Elsewhere("billing audit", "POST /invoices/fee-audit"),
    "/months/{month}": Elsewhere("reconcile", "POST /months/{month}"),
    "/months/{month}/close": Elsewhere("reconcile", "POST /months/{month}/close"),
    "/months/{month}/differences/{difference}/decide": Elsewhere(
        "month decide", "POST /months/{month}/differences/{difference}/decisions"
    ),
    "/months/{month}/differences/{difference}/preview": Elsewhere(
        "month decide", "POST /months/{month}/differences/{difference}/preview"
    ),
    "/months/{month}/unseal": Elsewhere("reconcile", "POST /months/{month}/unseal"),
    "/search/netsuite": Elsewhere("journal show", "POST /search/netsuite"),
    "/stock/compare": Elsewhere("sync", "POST /stock/compare"),
    "/subjects/{subject_id}/decide": Elsewhere(
        "events decide", "POST /subjects/{subject_id}/decisions"
    ),
    "/subjects/{subject_id}/preview": Elsewhere(
        "events decide", "POST /subjects/{subject_id}/preview"
    ),
    "/system/backup": Elsewhere("backup", "POST /backups"),
    "/system/backups/{name}/verify": Elsewhere("backup", "POST /backups/{name}/verify"),
    "/tokens": Elsewhere("token add", "POST /tokens"),
    "/tokens/{name}/remove": Elsewhere("token remove", "DELETE /tokens/{name}"),
    "/users": Elsewhere("user add", "POST /users"),
    "/users/{name}/password": Elsewhere("user password", "PUT /users/{name}/password"),
    "/users/{name}/remove": Elsewhere("user remove", "DELETE /users/{name}"),
    "/users/{name}/role": Elsewhere("user role", "PUT /users/{name}/role"),
    "/users/{name}/sign-out": Elsewhere("user sign-out", "DELETE /users/{name}/sessions"),
}
"""Each act of the console, with its command and its route of the API."""

OF_A_BROWSER: Final = {
    "/sign-in": "a program shows its token, a command has its account",
    "/sign-out": "likewise",
    "/sandbox/acts/{name}": "it moves the simulators of a demo, whose control routes do the same",
}
"""Acts that are of a browser alone, and why."""


ALSO: Final[Mapping[str, tuple[str, str]]] = {
    "connection consent": ("/connect/{name}/{step}", "POST /drafts/{name}/consent"),
    "drift decide": ("/subjects/{subject_id}/decide", "POST /subjects/{subject_id}/decisions"),
}
"""Commands that do what an act above does too: the act, and the route of the API."""

SHOWN: Final[Mapping[str, tuple[str, str]]] = {
    "status": ("/overview", "/overview"),
    "show": ("/search", "/search"),
    "connection list": ("/connections", "/connections"),
    "connection show": ("/connect/{name}", "/connections/{name}"),
    "connection settings": ("/settings", "/settings"),
    "alarms list": ("/alarms", "/alarms"),
    "billing accruals": ("/flows/invoices", "/charges/not-invoiced"),
    "events list": ("/events", "/events"),
    "events show": ("/subjects/{subject_id}", "/subjects/{subject_id}"),
    "journal list": ("/audit-trail", "/journal"),
    "journal balance": ("/months/{month}", "/months/{month}"),
    "journal export": ("/audit-trail/export.csv", "/journal"),
    "audit acts": ("/audit-trail/acts", "/acts"),
    "user list": ("/users", "/users"),
    "user sessions": ("/account", "/users/{name}/sessions"),
    "token list": ("/tokens", "/tokens"),
}
"""What the other commands show: the page, and the route of the API."""

_MACHINE: Final = "it is about the machine, its files and its processes"
_SIMULATORS: Final = "it is about the simulators, or measures the build"
_CONFIRMED: Final = "what it leads to is shown and confirmed at a terminal"
_AT_SHIPBOB: Final = "it is about what ShipBob sends, where IT looks for a fault"

BY_COMMAND_ALONE: Final = {
    "init": _MACHINE,
    "serve": _MACHINE,
    "worker": _MACHINE,
    "restore": _MACHINE,
    "completion": _MACHINE,
    "help": _MACHINE,
    "keys rotate": _MACHINE,
    "connection release": _CONFIRMED,
    "connection remove": _CONFIRMED,
    "events bodies": _CONFIRMED,
    "webhooks list": _AT_SHIPBOB,
    "webhooks rotate": _AT_SHIPBOB,
    "webhooks test": _AT_SHIPBOB,
    "webhooks capture": _AT_SHIPBOB,
    "webhooks samples": _AT_SHIPBOB,
    "demo": _SIMULATORS,
    "sim": _SIMULATORS,
    "bench": _SIMULATORS,
    "selftest": _SIMULATORS,
}
"""What is done by command alone, and why; docs/how-to/users-and-tokens.md says the same."""


def routes(routers: list[Router]) -> Iterator[tuple[str, str]]:
    """Every method and path of some routers, without the types of its parameters."""
    for router in routers:
        for route in router.routes:
            path = route.path.replace(":str", "").replace(":int", "")
            yield from ((method, path) for method in route.methods)


IN_API: Final = {f"{one} {path}" for one, path in routes([api_router()]) if one not in READING}
IN_API_READ: Final = {path for one, path in routes([api_router()]) if one == "GET"}
IN_CONSOLE: Final = {path for one, path in routes(console_routers()) if one not in READING}
IN_CONSOLE_READ: Final = {path for one, path in routes(console_routers()) if one == "GET"}
COMMANDS: Final = shell.every_command()


def test_every_act_of_the_console_has_its_command_and_its_route() -> None:
    assert {*ACTS, *OF_A_BROWSER} == IN_CONSOLE
    assert not {*ACTS} & {*OF_A_BROWSER}


@pytest.mark.parametrize("path", ACTS)
def test_what_does_the_same_as_an_act_is_there(path: str) -> None:
    same = ACTS[path]
    method, _, route = same.api.partition(" ")

    assert same.command == ITS_FILE_IS_DELETED or tuple(same.command.split()) in COMMANDS
    assert f"{method} {PATH}{route}" in IN_API


def test_every_command_has_its_route_and_its_page_or_says_why_not() -> None:
    same = {one.command for one in ACTS.values()} - {ITS_FILE_IS_DELETED}
    everywhere = {*SHOWN, *ALSO, *same}

    assert {" ".join(one) for one in COMMANDS} == everywhere | set(BY_COMMAND_ALONE)
    assert not everywhere & set(BY_COMMAND_ALONE)
    assert {act for act, _ in ALSO.values()} <= set(ACTS)
    assert {route.replace(" ", f" {PATH}") for _, route in ALSO.values()} <= IN_API


@pytest.mark.parametrize("command", BY_COMMAND_ALONE)
def test_what_is_done_by_command_alone_is_said(command: str) -> None:
    alone = pages.sections("docs/how-to/users-and-tokens.md")["By command alone"]

    assert f"`{command}`" in alone


@pytest.mark.parametrize("command", SHOWN)
def test_what_shows_the_same_as_a_command_is_there(command: str) -> None:
    page, route = SHOWN[command]

    assert page in IN_CONSOLE_READ
    assert f"{PATH}{route}" in IN_API_READ

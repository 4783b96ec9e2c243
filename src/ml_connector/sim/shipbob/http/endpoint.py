"""One route of the API: what it needs, who may call it, and how it refuses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from ml_connector.sim.shipbob.http.answers import (
    Answer,
    Refusal,
    empty,
    fields,
    problem,
    validation_problem,
)
from ml_connector.sim.shipbob.http.call import Call
from ml_connector.sim.shipbob.values.vocabulary import VERSIONS

Handler = Callable[[Call], Answer]
RefuseText = Callable[[int, str], Refusal]
Shape = Callable[[Mapping[str, Sequence[str]]], Refusal]


def empty_refusal(status: int, _text: str) -> Refusal:
    """401 and 403 of most resources have no body."""
    return empty(status)


def problem_refusal(status: int, text: str) -> Refusal:
    """401 and 403 of inventory and products are ProblemDetails."""
    return problem(status, text)


def bad_request(errors: Mapping[str, Sequence[str]]) -> Refusal:
    """400 as ``{"<field>": ["msg"]}``."""
    return fields(400, errors)


def problem_400(errors: Mapping[str, Sequence[str]]) -> Refusal:
    """400 as ProblemDetails, with the first text as its detail."""
    text = next((texts[0] for texts in errors.values() if texts), "The request is not valid.")
    return problem(400, text)


def validation_404(errors: Mapping[str, Sequence[str]]) -> Refusal:
    """404 as ValidationProblemDetails: what receiving says about a bad filter or id."""
    return validation_problem(404, "One or more validation errors occurred.", errors)


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A route.

    Attributes:
        method: the HTTP method.
        path: after the version, in lower case outside braces; ``{id:key}`` is a path value.
        handler: answers the call.
        scopes: any of them is enough; empty when every caller may.
        channel: ``ignored``, ``filter`` (the header narrows a read) or ``required`` (3.4).
        versions: the versions that have this route.
        refuse: the shape of 401 and 403.
        bad_value: the shape of a query or path value that can't be read.
    """

    method: str
    path: str
    handler: Handler
    scopes: tuple[str, ...]
    channel: str = "ignored"
    versions: tuple[str, ...] = VERSIONS
    refuse: RefuseText = empty_refusal
    bad_value: Shape = bad_request

    @property
    def is_action(self) -> bool:
        """Whether the path ends with an action after a colon (section 2)."""
        return ":" in self.path.rpartition("}")[2]


SINCE_2026_07: Final = ("2026-07",)
"""For the routes that came with 2026-07 (section 2)."""

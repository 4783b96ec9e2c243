"""What addresses of lists have in common."""

from datetime import UTC, datetime
from typing import Annotated, Final

from litestar.params import Parameter
from msgspec import Meta

from ml_connector.app.views.paging import MOST_ROWS

_LONGEST: Final = 200
MOST_ID: Final = 2**63 - 1

Name = Annotated[
    str | None,
    Parameter(max_length=40, description="Of the connection; may be left out when there is one."),
]
Text = Annotated[str | None, Parameter(max_length=_LONGEST)]
Number = Annotated[int | None, Parameter(ge=0, le=MOST_ID)]
Limit = Annotated[int, Parameter(ge=1, le=MOST_ROWS)]
Moment = Annotated[datetime, Meta(tz=True)]


def now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)

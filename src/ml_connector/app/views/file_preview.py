"""What a connection file would find and do, before anything of it is applied."""

from datetime import UTC, datetime

import msgspec

from ml_connector.app.installation.installation import Installation
from ml_connector.app.set_up.comparing_plans import RulesTried
from ml_connector.app.set_up.looking import Seen, look_with
from ml_connector.app.set_up.opening import open_file
from ml_connector.app.set_up.products import Tells
from ml_connector.app.set_up.proposals import AddressedPlace, CenterProposal, proposals
from ml_connector.app.set_up.trying_rules import MOST_CALLS, try_with
from ml_connector.config.connection import ConnectionSettings
from ml_connector.transport.http.budget import CallBudget


class FilePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What the guided set-up shows of a connection, for one that a file describes.

    Attributes:
        seen: what both systems showed.
        centers: with the location that the file gives them, or that is proposed.
        tried: what the policies would have done to recent facts; None where something that is
            needed lacks.
    """

    seen: Seen
    centers: tuple[CenterProposal, ...]
    tried: RulesTried | None

    @property
    def works(self) -> bool:
        """Whether both systems have what is needed."""
        return all(one["result"] == "ok" for one in self.seen.checks if one["needed"])


async def preview_file(
    installation: Installation, settings: ConnectionSettings, tells: Tells
) -> FilePreview:
    """Ask both systems what the guided set-up asks them. Nothing is written, and nothing kept.

    Args:
        installation: where.
        settings: of the file, secrets included.
        tells: is told how far it has come.

    Raises:
        UserError: looking would use up a refresh token.
        NeedsHuman: the credentials can't be used.
    """
    seen = await look_with(await open_file(installation, settings), tells)
    found = FilePreview(
        seen=seen,
        centers=proposals(
            [AddressedPlace(one.id, one.name, one.address) for one in seen.centers],
            [AddressedPlace(one.id, one.name, one.address) for one in seen.locations],
            settings.locations,
        ),
        tried=None,
    )
    if not found.works:
        return found
    budget = CallBudget(MOST_CALLS)
    opened = await open_file(installation.within(budget), settings)
    tried = await try_with(opened, budget, lambda doing: tells(doing, 0), now=datetime.now(UTC))
    return msgspec.structs.replace(found, tried=tried)

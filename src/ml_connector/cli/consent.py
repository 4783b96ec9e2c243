"""``connection consent``: a link with which a person lets ShipBob give us access."""

from typing import Annotated

import typer

from ml_connector.app.installation.installation import Installation
from ml_connector.app.sign_in.consents import Consents, Invitation
from ml_connector.cli.context import current


def consent(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    channel_name: Annotated[
        str | None,
        typer.Option("--channel-name", help="What ShipBob will call the channel."),
    ] = None,
    billing: Annotated[
        bool,
        typer.Option("--billing", help="Ask for billing_read too, if the application may."),
    ] = False,
) -> None:
    """Print a link: opened in a browser, it gives the connector access to ShipBob."""
    context = current()
    if name is not None:
        context.named(name)

    async def invite(installation: Installation) -> tuple[str, Invitation]:
        one = await context.applied(installation)
        invitation = await Consents(installation).invite(
            one,
            person=context.person(),
            channel_name=channel_name or f"ml-connector {one.name}",
            billing=billing,
        )
        return one.name, invitation

    connection, invitation = context.run(invite)
    printer = context.printer
    printer.line("Open this link in a browser, signed in to ShipBob as the account's owner:")
    printer.line("")
    printer.line(f"  {invitation.url}", style="bold")
    printer.line("")
    printer.line(
        f"It is good until {invitation.until:%H:%M:%S} UTC, until consent was given with it."
        " Whoever has it can connect a ShipBob account: don't pass it on."
    )
    printer.line("The service must be running: ml-connector serve.")
    printer.line("ShipBob must have this redirect address registered for the application:")
    printer.line(f"  {invitation.redirect_uri}")
    printer.line(f"Then check: ml-connector ping {connection}")
    printer.answer(
        {
            "connection": connection,
            "url": invitation.url,
            "until": invitation.until,
            "redirect_uri": invitation.redirect_uri,
        }
    )

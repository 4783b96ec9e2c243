"""The groups whose commands are loaded one by one."""

from typing import Final

from ml_connector.cli.command import Command

CONNECTION: Final = (
    Command(
        name="apply",
        module="apply",
        attribute="apply_file",
        about="Create or update one connection. Applying the same file again changes nothing.",
    ),
    Command(
        name="preview",
        module="connection_preview",
        attribute="preview",
        about=(
            "Show what a connection file would find and do; nothing is written, saved or posted."
        ),
    ),
    Command(
        name="list",
        module="connection",
        attribute="list_connections",
        about="List the connections.",
    ),
    Command(
        name="show",
        module="connection_show",
        attribute="show_connection",
        about="Show one connection as it was applied; secrets are only named.",
    ),
    Command(
        name="settings",
        module="settings",
        attribute="settings",
        about=(
            "Print the settings in force with where each comes from, and how much of"
            " limits is used."
        ),
    ),
    Command(
        name="certificate",
        module="certificate",
        attribute="certificate",
        about=(
            "Make a key and certificate for NetSuite and say what to upload where; or rotate it."
        ),
    ),
    Command(
        name="consent",
        module="consent",
        attribute="consent",
        about="Print a link: opened in a browser, it gives the connector access to ShipBob.",
    ),
    Command(
        name="release",
        module="release",
        attribute="release",
        about="Let a connection that is held since a restore go on.",
    ),
    Command(
        name="pause",
        module="connection_acts",
        attribute="pause",
        about=(
            "Pause a connection: webhooks are stored, nothing else is done until it is resumed."
        ),
    ),
    Command(
        name="resume",
        module="connection_acts",
        attribute="resume",
        about="Resume a paused connection: what came meanwhile is done now.",
    ),
    Command(
        name="set-mode",
        module="connection_acts",
        attribute="set_mode",
        about=(
            "Let a connection write to both systems (live), or only plan and record (dry-run)."
        ),
    ),
    Command(
        name="remove",
        module="connection_acts",
        attribute="remove",
        about="Remove a connection: its credentials are deleted, its books are kept.",
    ),
)

EVENTS: Final = (
    Command(
        name="list",
        module="events",
        attribute="list_events",
        about="List events, the newest first.",
    ),
    Command(
        name="show",
        module="events_show",
        attribute="show_event",
        about="Show one event: what came, what was decided, what was posted, and why.",
    ),
    Command(
        name="replay",
        module="events_replay",
        attribute="replay_events",
        about=(
            "Converge the subjects of these events once more. Doing it twice books nothing twice."
        ),
    ),
    Command(
        name="decide",
        module="decisions",
        attribute="decide",
        about="Decide about what is stopped, after showing what the decision leads to.",
    ),
    Command(
        name="undecide",
        module="decisions",
        attribute="undecide",
        about="Take a decision back. What it was about runs again as if it had never been made.",
    ),
    Command(
        name="assign",
        module="assign",
        attribute="assign",
        about=(
            "Give what an event is about to a person, who sees to it. It changes nothing"
            " in the books."
        ),
    ),
    Command(
        name="bodies",
        module="events_bodies",
        attribute="bodies",
        about="Export or delete raw bodies, which hold personal data. Runs and journal stay.",
    ),
)

JOURNAL: Final = (
    Command(
        name="list",
        module="journal",
        attribute="list_journal",
        about=(
            "List journal rows, the newest first. --from and --to are of the moment of posting."
        ),
    ),
    Command(
        name="show",
        module="journal_show",
        attribute="show_posting",
        about=(
            "Walk from a posting back to its run, the facts it saw, the events and their"
            " raw bytes."
        ),
    ),
    Command(
        name="balance",
        module="journal_balance",
        attribute="balance",
        about=(
            "Account for every source line: all = posted + waiting + refused. Exit 1 if"
            " one is not."
        ),
    ),
    Command(
        name="export",
        module="journal_export",
        attribute="export",
        about="Write journal rows to a CSV file: every column, one row a line, hashes included.",
    ),
    Command(
        name="undo",
        module="journal_undo",
        attribute="undo",
        about=(
            "Post counter-documents for what was posted, after showing them. Nothing is deleted."
        ),
    ),
)

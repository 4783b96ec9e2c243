"""The command line. Every error says what is wrong, where, and what to do next."""

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from ml_connector.app.installation.parent_watch import end_with_parent
from ml_connector.cli.arguments import GlobalOptions, take_global_options
from ml_connector.cli.printing import Printer
from ml_connector.errors import ConnectorError, Retryable, UserError
from ml_connector.no_core_dumps import forbid_core_dumps


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 "no" or failed, 2 wrong usage."""
    forbid_core_dumps()
    end_with_parent()
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """Run a command; return the exit status."""
    printer = Printer(as_json="--json" in arguments)
    try:
        options, rest = take_global_options(arguments)
        printer = Printer(as_json=options.json, color=options.color)
        return _run(options, rest, printer)
    except typer.Exit as leaving:
        return leaving.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # our output's reader is gone, so an error could not be shown
        return 1
    except (
        UserError,
        ConnectorError,
        typer.TyperException,
        typer.Abort,
        KeyboardInterrupt,
    ) as error:
        return _explain(error, printer)
    except Exception as error:  # noqa: BLE001 - a traceback would be a second bug
        return _admit(error, printer)


def _explain(error: BaseException, printer: Printer) -> int:
    match error:
        case UserError():
            printer.error(str(error), where=error.where, next_step=error.next_step)
            return 2 if error.usage else 1
        case Retryable():
            next_step = error.remedy_of_a_command
            printer.error(str(error), where=error.where, next_step=next_step, cause=error.cause)
            return 1
        case ConnectorError():
            printer.error(str(error), next_step=error.remedy, cause=error.cause)
            return 1
        case typer.TyperException() if type(error).__name__ == "NoArgsIsHelpError":
            sys.stderr.write(error.format_message() + "\n")
            return 2
        case typer.TyperException():
            context = getattr(error, "ctx", None)
            command = context.command_path if context else "ml-connector"
            next_step = f"See {command} --help."
            printer.error(_in_our_words(error), where=command, next_step=next_step)
            return 2
        case _:
            printer.error("Stopped before it was done", next_step="Run it again: nothing is lost.")
            return 1


def _in_our_words(error: typer.TyperException) -> str:
    """Return what was typed wrong, without the words of the library that read it."""
    said = error.format_message()
    faults = getattr(error.__cause__, "errors", None)
    if faults is None:
        return said
    from ml_connector.config.fault_words import fault_in_words  # noqa: PLC0415 - rarely needed

    fault = faults()[0]
    return said.replace(error.message, fault_in_words(fault))


def _admit(error: Exception, printer: Printer) -> int:
    """Print that this is a bug, and where; with MLC_LOG_LEVEL=debug the whole traceback."""
    if os.environ.get("MLC_LOG_LEVEL", "").lower() == "debug":
        from ml_connector.config import tracebacks  # noqa: PLC0415 - structlog is not needed else

        sys.stderr.write(tracebacks.as_text(error) + "\n")
    if any(kind.__name__ == "OperationalError" for kind in type(error).__mro__):
        printer.error(
            "The database can't be reached any more",
            where="database",
            next_step="Check that PostgreSQL runs, then run the command again.",
        )
        return 1
    ours = [
        one for one in traceback.extract_tb(error.__traceback__) if "ml_connector" in one.filename
    ]
    last = ours[-1] if ours else traceback.extract_tb(error.__traceback__)[-1]
    printer.error(
        f"A bug: {type(error).__name__}",
        where=f"{last.filename.rpartition('/')[2]} line {last.lineno}, in {last.name}",
        next_step="Please report it. MLC_LOG_LEVEL=debug shows the whole traceback.",
    )
    return 1


def _run(options: GlobalOptions, rest: list[str], printer: Printer) -> int:
    # Imported late: an error in the global options needs none of it.
    from ml_connector.cli.commands import (  # noqa: PLC0415 - an error in the options needs none of it
        application,
        asked_for_help,
        completed,
    )
    from ml_connector.cli.context import Context, enter  # noqa: PLC0415 - same

    enter(Context(options=options, printer=printer))
    rest = asked_for_help(rest)
    # A shell that completes gives the line in the environment: COMP_WORDS in bash.
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    asks = "_ML_CONNECTOR_COMPLETE" in os.environ
    words = completed(line) if asks else rest
    wanted = [one for one in words if not one.startswith("-")]
    command = application(wanted, completes=asks)
    result = command(args=rest, prog_name="ml-connector", standalone_mode=False)
    return result if isinstance(result, int) else 0

"""`holdfast`: what a person on the machine can ask for. Each command imports only what it needs."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.processes import StackTrouble

app = typer.Typer(
    name="holdfast",
    help="A hotel booking engine in which each booking is one durable workflow.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one line of JSON instead.")]


class Report(StrEnum):
    """How an outcome is told."""

    TABLE = "table"
    JSON = "json"


@contextmanager
def _told() -> Iterator[None]:
    """A trouble that a person can mend is said in one line, without a traceback."""
    try:
        yield
    except StackTrouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        raise typer.Exit(1) from None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@app.command()
def up() -> None:
    """Run the whole system here until Ctrl-C, with demo hotels in demo mode."""
    from cli.configuration import read_settings
    from cli.up import up as run

    with _told():
        raise typer.Exit(run(read_settings()))


@app.command()
def migrate(
    with_seed: Annotated[bool, typer.Option("--seed", help="In demo mode, put the demo hotels in afterwards.")] = False,
) -> None:
    """Bring the database schema to its newest revision."""
    from cli import database
    from cli.configuration import read_settings

    _as_owner(database.migrate)
    if with_seed and read_settings().demo:
        _as_owner(database.seed)


@app.command()
def seed() -> None:
    """Put the demo hotels in; those that are there stay as they are."""
    from cli.database import seed as run

    _as_owner(run)


def _as_owner(run: Callable[[str], None]) -> None:
    from cli.configuration import read_settings
    from cli.database import owner_address

    with _told():
        run(owner_address(read_settings()))


@app.command()
def temporal() -> None:
    """Create the namespace and the search attributes where they are missing."""
    from cli.steps import prepare_temporal

    with _told():
        prepare_temporal(_say)


@app.command()
def activate(as_json: AsJson = False) -> None:
    """Send new bookings to this build, once its worker polls, and keep a copy of its source."""
    from cli.steps import activate as run

    with _told():
        run(_say, as_json=as_json)


@app.command()
def builds(as_json: AsJson = False) -> None:
    """Show the current build and the older ones that open bookings still wait for."""
    from cli.steps import show_builds

    with _told():
        show_builds(_say, as_json=as_json)


@app.command()
def renew() -> None:
    """Wake the open bookings of older builds, so that they move to the current one."""
    from cli.steps import renew as run

    with _told():
        run(_say)


bookings = typer.Typer(name="bookings", help="Bookings whose workflows need an operator's hand.", no_args_is_help=True)
app.add_typer(bookings)
References = Annotated[list[str], typer.Argument(metavar="REFERENCE...", help="Such as MLB-20270310-7Q4K2M.")]
Reference = Annotated[str, typer.Argument(metavar="REFERENCE", help="Such as MLB-20270310-7Q4K2M.")]


@bookings.command("list")
def list_bookings(
    hotel: Annotated[str, typer.Option(help="Only this hotel, by its slug.")] = "",
    status: Annotated[str, typer.Option(help="Only this status.")] = "",
    trouble: Annotated[bool, typer.Option("--trouble", help="Only those that need attention.")] = False,
    as_json: AsJson = False,
) -> None:
    """List open bookings, the next clock first, with their workflows and what is wrong."""
    from cli.bookings import listed

    with _told():
        raise typer.Exit(listed(_say, hotel=hotel, status=status, troubled=trouble, as_json=as_json))


@bookings.command()
def show(reference: Reference, as_json: AsJson = False) -> None:
    """Show one booking: its agenda, its workflow, what failed, what happened last."""
    from cli.bookings import shown

    with _told():
        raise typer.Exit(shown(_say, reference, as_json=as_json))


@bookings.command()
def wake(
    references: References,
    afresh: Annotated[bool, typer.Option("--afresh", help="End a running workflow first, then begin again.")] = False,
) -> None:
    """Let bookings go on: from the row where nothing runs, in a fresh run on the current build otherwise."""
    from cli.bookings import woken

    with _told():
        raise typer.Exit(woken(_say, references, afresh=afresh))


@bookings.command()
def move(
    references: Annotated[list[str] | None, typer.Argument(metavar="[REFERENCE...]", help="Such as MLB-…")] = None,
    all_of_build: Annotated[str, typer.Option(metavar="BUILD", help="Also all open ones of this build.")] = "",
    to: Annotated[str, typer.Option(metavar="BUILD", help="The build to go on with; the current one by default.")] = "",
    as_json: AsJson = False,
) -> None:
    """Move bookings to another build, each only after its history replays there."""
    from cli.bookings import moved

    with _told():
        raise typer.Exit(moved(_say, references or [], all_of_build=all_of_build, to=to, as_json=as_json))


@bookings.command("retry-step")
def retry_step(reference: Reference) -> None:
    """Try the step that a booking waits to write at once."""
    from cli.bookings import retried

    with _told():
        raise typer.Exit(retried(_say, reference))


@app.command()
def reconcile(
    hotel: Annotated[str, typer.Argument(metavar="HOTEL", help="Its short name, such as ribeira.")],
    day: Annotated[
        str, typer.Option("--date", metavar="DATE", help="YYYY-MM-DD; the last closed day by default.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Compare a hotel day's money at the provider, in the rows and in the bookings once more."""
    from cli.nights import reconciled

    with _told():
        raise typer.Exit(reconciled(_say, hotel, day, as_json=as_json))


hints = typer.Typer(name="hints", help="What the payment provider told.", invoke_without_command=True)
app.add_typer(hints)


@hints.callback()
def list_hints(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="waiting, told, ignored or given_up.")] = "",
    reference: Annotated[str, typer.Option(help="Only those of this booking.")] = "",
    as_json: AsJson = False,
) -> None:
    """List what the payment provider told, the latest first."""
    from cli.nights import told_hints

    if context.invoked_subcommand is None:
        with _told():
            raise typer.Exit(told_hints(_say, state, reference, as_json=as_json))


@hints.command("replay")
def replay_hints(
    event: Annotated[str, typer.Argument(metavar="[EVENT]", help="One event; without it all that were given up.")] = "",
) -> None:
    """Bring what the provider told to its booking once more; the booking looks at the money itself."""
    from cli.nights import replayed_hints

    with _told():
        raise typer.Exit(replayed_hints(_say, event))


@app.command("counters")
def check_counters(
    repair: Annotated[bool, typer.Option("--repair", help="Put right what differs.")] = False,
) -> None:
    """Add up the counters of room nights from the bookings."""
    from cli.bookings import counted

    with _told():
        raise typer.Exit(counted(_say, repair=repair))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Tell what is up, in which version, what is wrong and how to mend it."""
    from cli.doctor import doctor as run

    with _told():
        raise typer.Exit(run(_say, as_json=as_json))


@app.command(name="replay-demand")
def replay_demand(
    file: Annotated[Path, typer.Argument(help="Bookings as CSV, plain or gzipped; docs/replay.md tells the columns.")],
    rows: Annotated[int, typer.Option(min=1, help="How many of them.")] = 659,
    report: Annotated[Report, typer.Option(help="How the outcome is told.")] = Report.TABLE,
    running: Annotated[bool, typer.Option("--running", help="Use the system that runs here.")] = False,
) -> None:
    """Drive a hotel's real bookings through the system, to their real ends, and compare what came of them."""
    from cli.replay.command import replay_demand as run

    with _told():
        raise typer.Exit(run(_say, file, rows, as_json=report is Report.JSON, running=running))


def main() -> None:
    """Runs a command and ends the process at once.

    Temporal's client keeps threads of its own, which now and then abort the interpreter while it is being taken down.
    What a command has done is written down by then, so nothing is lost by not waiting for that.
    """
    status = 0
    try:
        app()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()

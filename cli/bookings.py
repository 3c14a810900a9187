"""`holdfast bookings …`: what operators do with bookings whose workflows need a hand."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from cli import bookings_move
from cli.configuration import read_settings
from cli.database import reading_address, running_address
from cli.deployments import connect
from cli.processes import StackTrouble
from gateways.engine_room import EngineRoom, Run
from store import operations, repairs
from store.repairs import OpenBooking
from store.session import Database, DatabaseAway

Say = Callable[[str], None]
MOST_LISTED = 200


@dataclass(frozen=True)
class Hands:
    """What a command works with: both roles' databases and the engine room."""

    reading: Database
    running: Database
    engine_room: EngineRoom


def _with_hands(work: Callable[[Hands], Awaitable[int]]) -> int:
    """Runs a command; a part that is away becomes StackTrouble, said in one line."""

    async def run() -> int:
        settings = read_settings()
        async with AsyncExitStack() as stack:
            hands = Hands(
                Database(reading_address(settings), pool_size=1),
                Database(running_address(settings), pool_size=1),
                EngineRoom(await connect(settings), settings.base_url),
            )
            stack.push_async_callback(hands.reading.close)
            stack.push_async_callback(hands.running.close)
            return await work(hands)

    try:
        return asyncio.run(run())
    except DatabaseAway as away:
        raise StackTrouble(f"{away} Run `holdfast doctor`.") from None


def listed(say: Say, *, hotel: str, status: str, troubled: bool, as_json: bool) -> int:
    """Open bookings, the one whose clock rings next first, with what is wrong about each. At most MOST_LISTED."""

    async def work(hands: Hands) -> int:
        async with hands.reading.public() as tx:
            rows = await operations.list_open(tx, hotel, status, troubled=troubled, most=MOST_LISTED)
        running = await hands.engine_room.running()
        told = [{**row._asdict(), "workflow": operations.workflow_word(row.reference, running)} for row in rows]
        if as_json:
            say(json.dumps(told, default=str))
            return 0
        table = Table("reference", "hotel", "status", "next clock (UTC)", "workflow", "waits for, or what is wrong")
        for one in told:
            words = one["attention"] or one["waiting_for"]
            next_at = f"{one['next_at']:%Y-%m-%d %H:%M}" if one["next_at"] else "–"
            table.add_row(one["reference"], one["slug"], one["status"], next_at, one["workflow"], words)
        Console(width=160).print(table)
        more = ", there may be more: narrow the list" if len(told) == MOST_LISTED else ""
        say(f"{len(told)} open booking{'' if len(told) == 1 else 's'}{more}")
        return 0

    return _with_hands(work)


def shown(say: Say, reference: str, *, as_json: bool) -> int:
    """All that operations needs to know of one booking, and no person."""

    async def work(hands: Hands) -> int:
        booking = await _found(hands, reference)
        run = await hands.engine_room.look(reference)
        async with hands.reading.public() as tx:
            row = await operations.read_one(tx, booking.card.hotel_id, reference)
            mended = await repairs.latest_repairs(tx, reference, 10)
        if as_json:
            told = {**row._asdict(), "run": asdict(run) if run else None, "repairs": [one._asdict() for one in mended]}
            say(json.dumps(told, default=str))
            return 0
        for line in _sheet(row, run, mended):
            say(line)
        return 0

    return _with_hands(work)


def _sheet(row: Any, run: Run | None, mended: Sequence[Any]) -> list[str]:
    lines = [
        f"{row.reference} · {row.slug} · {row.status} · version {row.version}, step {row.seq}",
        f"  waits for   {row.waiting_for or 'nothing'}",
    ]
    lines += [f"  {entry['at']}  {entry['what']} ({entry['key']})" for entry in row.agenda]
    if row.attention:
        lines.append(f"  needs attention: {row.attention}")
    if run is None:
        lines.append("  workflow    the server knows none")
    else:
        build = f", build {run.build_id}" if run.build_id else ""
        lines.append(f"  workflow    {run.status}, run {run.run_id}{build}, {run.events} events")
        lines += [f"  problem     {problem}" for problem in run.problems]
        lines += [f"  waits       {one.name} tried {one.attempts} times ({one.trouble})" for one in run.waiting]
    lines += [f"  {event['at']}  {event['what']} ({event['by']})" for event in row.events]
    lines += [f"  {one.done_at:%Y-%m-%d %H:%M:%S}Z  {one.what} by {one.done_by}: {one.detail}" for one in mended]
    return lines


def woken(say: Say, references: Sequence[str], *, afresh: bool) -> int:
    """Lets bookings go on: a missing workflow is started from its row, a running one goes on in a fresh run.

    afresh: a running one that can't hear any more is ended first. Answers 1 when one of them could not be woken.
    """

    async def work(hands: Hands) -> int:
        missed = 0
        for reference in references:
            booking = await _found(hands, reference)
            words = await _wake(hands, booking, afresh=afresh)
            missed += words is None
            ended = f"is {booking.card.status}; it has ended, and a command to it begins it again"
            say(f"{reference}: {words or ended}")
        return int(missed > 0)

    return _with_hands(work)


async def _wake(hands: Hands, booking: OpenBooking, *, afresh: bool) -> str | None:
    if not booking.lives:
        return None
    if not afresh and await hands.engine_room.renew(booking.reference):
        words = "goes on in a fresh run"
    elif await hands.engine_room.resume(booking.reference, booking.card, afresh=afresh):
        words = "begun again from its row"
    else:
        words = "somebody else has just woken it"
    await _write_down(hands, booking, "woken", words)
    return words


def moved(say: Say, references: Sequence[str], *, all_of_build: str, to: str, as_json: bool) -> int:
    """Moves bookings to another build, each after its history replays there; what is refused is shown to people.

    Answers 1 when one of them was not moved.
    """
    settings = read_settings()

    async def work(hands: Hands) -> int:
        outcomes = await bookings_move.moved(settings, references, all_of_build=all_of_build, to=to)
        for one in outcomes:
            await _note_move(hands, one)
        bookings_move.tell(outcomes, say, as_json=as_json)
        return int(any(one.outcome not in bookings_move.WELL for one in outcomes))

    return _with_hands(work)


async def _note_move(hands: Hands, one: bookings_move.Moved) -> None:
    async with hands.reading.public() as tx:
        booking = await repairs.find_booking(tx, one.reference)
    if booking is None or one.outcome not in ("moved", "told", "refused"):
        return
    if one.outcome != "refused":
        await _write_down(hands, booking, "moved", one.detail)
        return
    about = repairs.Trouble(booking.card.hotel_id, one.reference, "move_refused")
    async with hands.running.hotel(about.hotel_id) as tx:
        detail = f"It could not be moved to other software: {one.detail}."
        await repairs.mark_trouble(tx, about, detail, datetime.now(UTC))


def retried(say: Say, reference: str) -> int:
    """Tries the waiting steps of a booking at once; answers 1 when none waits."""

    async def work(hands: Hands) -> int:
        booking = await _found(hands, reference)
        run = await hands.engine_room.look(reference)
        if run is None or not run.waiting:
            say(f"{reference}: no step waits")
            return 1
        for waiting in run.waiting:
            await hands.engine_room.retry_now(reference, waiting)
            words = f"{waiting.name} after {waiting.attempts} tries ({waiting.trouble})"
            await _write_down(hands, booking, "step_retried", words)
            say(f"{reference}: {words} is tried now")
        return 0

    return _with_hands(work)


def counted(say: Say, *, repair: bool) -> int:
    """Adds up the counters of room nights from the bookings; answers 1 when some differ and are not put right."""

    async def work(hands: Hands) -> int:
        now = datetime.now(UTC)
        found = await operations.differences(hands.reading, now)
        for one in found:
            say(f"hotel {one.hotel_id}: {one}")
        if not found:
            say("every counter is what its bookings come to")
            return 0
        if not repair:
            say(f"{len(found)} differ; `holdfast counters --repair` puts them right")
            return 1
        corrected = await operations.put_right(hands.running, found, "operator", now)
        say(f"{len(corrected)} put right")
        return 0

    return _with_hands(work)


async def _found(hands: Hands, reference: str) -> OpenBooking:
    async with hands.reading.public() as tx:
        booking = await repairs.find_booking(tx, reference)
    if booking is None:
        raise StackTrouble(f"there is no booking {reference}")
    return booking


async def _write_down(hands: Hands, booking: OpenBooking, what: str, detail: str) -> None:
    hotel_id = booking.card.hotel_id
    async with hands.running.hotel(hotel_id) as tx:
        await repairs.note_repair(tx, hotel_id, booking.reference, what, "operator", detail, datetime.now(UTC))

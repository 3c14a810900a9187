"""The sweeper: once a minute, what should be there is compared with what is.

An open row without a running workflow is started from its row. A workflow that stands still, on a fault in the software
or on a step that can't be written, becomes something that people see. A Temporal server that has lost its data is told
again what it has to know. Once an hour the counters of room nights are added up anew.

One process sweeps at a time, whoever takes the turn first, and only one of the build that is current. What it does is
safe to do twice. Nothing here changes a booking: a workflow that is started from its row goes on where the row stands.
"""

import asyncio
import secrets
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.service import RPCError

from gateways.engine_room import EngineRoom
from messages.names import DEPLOYMENT, booking_reference, workflow_id
from store import operations, repairs
from store.counters import Difference
from store.repairs import OpenBooking, Trouble
from store.session import Database, DatabaseAway

RESUMED_PER_SECOND = 20
MOST_RESUMED = 3
WITHIN = timedelta(hours=1)
# A sweep of very many bookings is made less often, so that it never takes more than a twentieth of the time.
SHARE = 20
STUCK_ATTEMPTS = 5
MOST_LOOKED_AT = 100
FAR_AHEAD = timedelta(minutes=5)
COUNTED_EVERY = timedelta(hours=1)
SWEEP, COUNT = "sweep", "count"
Tell = Callable[[str, int], None]

log = structlog.get_logger("worker.sweeper")


@dataclass
class Swept:
    """What one sweep found and did. opened, closed: items for people.

    resumed: references started from their rows; woken: those whose story was behind its row.
    """

    open: int = 0
    resumed: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    opened: list[Trouble] = field(default_factory=list)
    closed: list[Trouble] = field(default_factory=list)


def _lasting(booking: OpenBooking) -> set[Trouble]:
    """The troubles of a booking that last until something of its own has changed."""
    return {Trouble(booking.card.hotel_id, booking.reference, kind) for kind in ("clock_ahead", "move_refused")}


def _place(bug: BaseException) -> str:
    """Where a bug was raised; its own words may hold what people wrote, so they stay out."""
    last = traceback.extract_tb(bug.__traceback__)[-1]
    return f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno} {last.name}"


def _fault(problems: Sequence[str]) -> str:
    """The sentence about a story that stands still."""
    kinds = ", ".join(sorted(problems)) or "unknown"
    return f"Its story has stopped at a fault in the software ({kinds}). Nothing is lost; nothing goes on by itself."


class Sweeper:
    """One for a worker process. operations: a database in the role that reads every hotel; database: the running role.

    build_id: of this process. clock: the real one. every_seconds: between two sweeps; younger rows
    are left alone. told: counts what was done, by word and number.
    """

    def __init__(
        self,
        operations: Database,
        database: Database,
        engine_room: EngineRoom,
        build_id: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        told: Tell = lambda what, number: None,
        every_seconds: float = 60.0,
    ) -> None:
        self._operations = operations
        self._database = database
        self._engine_room = engine_room
        self._build_id = build_id
        self._clock = clock
        self._told = told
        self._every_seconds = every_seconds
        self._holder = secrets.token_hex(8)

    async def run(self) -> None:
        """Sweeps until cancelled; troubles of the database or Temporal are waited out."""
        while True:
            began = time.monotonic()
            try:
                # The turn ends a little before the next one begins, so that it may be anybody's.
                if await self._has_turn(SWEEP, timedelta(seconds=self._every_seconds * 0.8)):
                    await self._restore()
                    await self.sweep()
                if await self._has_turn(COUNT, COUNTED_EVERY):
                    await self.count()
            except (DatabaseAway, RPCError, TimeoutError) as trouble:
                log.warning("sweep put off", trouble=type(trouble).__name__)
            except Exception as bug:
                # The stories beside it in this process matter more than the sweep; the next one may do better.
                log.error("sweep failed", bug=type(bug).__name__, at=_place(bug))
            await asyncio.sleep(max(self._every_seconds, SHARE * (time.monotonic() - began)))

    async def _has_turn(self, name: str, lasts: timedelta) -> bool:
        async with self._database.public() as tx:
            current = await repairs.read_current_build(tx, DEPLOYMENT)
            if current not in ("", self._build_id):
                return False
            return await repairs.take_turn(tx, name, self._holder, self._clock(), lasts)

    async def _restore(self) -> None:
        """A server that has lost its data knows no current build, and nothing would start there."""
        async with self._database.public() as tx:
            wanted = await repairs.read_current_build(tx, DEPLOYMENT)
        if wanted and await self._engine_room.current_build() is None:
            await self._engine_room.make_current(wanted)
            log.warning("the server was told again which build is current", build=wanted)

    async def sweep(self) -> Swept:
        """Looks at all open bookings once. Errors: DatabaseAway, RPCError."""
        swept, still, suspects, open_ = Swept(), set[Trouble](), list[OpenBooking](), set[str]()
        running, parked = await self._engine_room.running(), await self._engine_room.parked()
        struggling = await self._engine_room.struggling()
        async with self._operations.public() as tx:
            known = set(await repairs.open_troubles(tx))
        async for booking in self._open_bookings():
            swept.open += 1
            id_ = workflow_id(booking.reference)
            if id_ not in running:
                still |= await self._missing(booking, swept)
            elif id_ not in parked and self._seems_behind(booking, running[id_]):
                await self._wake(booking, swept)
            open_.add(id_)
            if id_ in parked:
                still.add(await self._mark(booking, "workflow_parked", _fault(parked[id_]), swept))
            if id_ in struggling:
                suspects.append(booking)
            still |= {one for one in known & _lasting(booking) if await self._lasts(one, booking)}
        await self._end(running.keys() - open_ - parked.keys(), swept)
        still |= await self._stuck(suspects, swept)
        for trouble in known - still:
            await self._clear(trouble, swept)
        if swept.resumed or swept.opened or swept.closed:
            log.warning("swept", open=swept.open, resumed=len(swept.resumed), opened=len(swept.opened))
        return swept

    async def _lasts(self, trouble: Trouble, booking: OpenBooking) -> bool:
        """Whether a trouble that no list of the server shows is one still."""
        if trouble.kind == "clock_ahead":
            return booking.last_instant > self._clock()
        run = await self._engine_room.look(booking.reference)
        return run is not None and run.is_running and run.build_id != self._build_id

    async def _open_bookings(self) -> AsyncIterator[OpenBooking]:
        # A younger row may still be on its way into the server's list. With half the time between two sweeps, what is
        # lost just after one of them is found by the next but one at the latest: after one and a half of them.
        after, before = (0, ""), self._clock() - timedelta(seconds=self._every_seconds / 2)
        while True:
            async with self._operations.public() as tx:
                page = await repairs.open_page(tx, before, after)
            for booking in page:
                yield booking
            if len(page) < repairs.PAGE:
                return
            after = (page[-1].card.hotel_id, page[-1].reference)

    async def _missing(self, booking: OpenBooking, swept: Swept) -> set[Trouble]:
        """Starts a booking's workflow from its row, after another look at both; answers what stays a trouble."""
        run = await self._engine_room.look(booking.reference)
        if run is not None and run.is_running:
            return set()
        hotel_id, now = booking.card.hotel_id, self._clock()
        async with self._operations.public() as tx:
            fresh = await repairs.find_booking(tx, booking.reference)
            tries = await repairs.count_repairs(tx, hotel_id, booking.reference, "resumed", now - WITHIN)
        if fresh is None or not fresh.lives:
            return set()
        if tries >= MOST_RESUMED:
            detail = f"Its story has ended {tries} times within an hour and is not begun again before the hour is over."
            return {await self._mark(booking, "workflow_missing", detail, swept)}
        if not await self._engine_room.resume(fresh.reference, fresh.card):
            return set()
        swept.resumed.append(fresh.reference)
        self._told("resumed", 1)
        async with self._database.hotel(hotel_id) as tx:
            was = "none" if run is None else run.status
            await repairs.note_repair(tx, hotel_id, fresh.reference, "resumed", "sweeper", f"run before: {was}", now)
        log.warning("resumed from its row", reference=fresh.reference)
        await asyncio.sleep(1 / RESUMED_PER_SECOND)
        if fresh.last_instant > now + FAR_AHEAD:
            minutes = int((fresh.last_instant - now).total_seconds() // 60)
            detail = f"Its clock stands {minutes} minutes ahead of the real one, and it waits until then."
            return {await self._mark(booking, "clock_ahead", detail, swept)}
        return set()

    def _seems_behind(self, booking: OpenBooking, told: str) -> bool:
        """Whether a story tells another status than its row has had for a while, or its clock has not rung."""
        late = self._clock() - timedelta(seconds=self._every_seconds)
        return told != booking.card.status or (booking.next_at is not None and booking.next_at < late)

    async def _wake(self, booking: OpenBooking, swept: Swept) -> None:
        """Lets a story go on from its row: its task was lost after a step was committed, and nobody asked it again."""
        hotel_id, now = booking.card.hotel_id, self._clock()
        async with self._operations.public() as tx:
            if await repairs.count_repairs(tx, hotel_id, booking.reference, "woken", now - WITHIN) >= MOST_RESUMED:
                return
        if not await self._engine_room.renew(booking.reference):
            return
        swept.woken.append(booking.reference)
        self._told("woken", 1)
        async with self._database.hotel(hotel_id) as tx:
            await repairs.note_repair(tx, hotel_id, booking.reference, "woken", "sweeper", "behind its row", now)
        log.warning("woken, because it was behind its row", reference=booking.reference)
        await asyncio.sleep(1 / RESUMED_PER_SECOND)

    async def _end(self, ids: Iterable[str], swept: Swept) -> None:
        """Wakes stories that go on although their bookings have ended."""
        before = self._clock() - timedelta(seconds=self._every_seconds)
        names = sorted(booking_reference(one) for one in ids)
        for first in range(0, len(names), repairs.PAGE):
            async with self._operations.public() as tx:
                ended = await repairs.ended_before(tx, names[first : first + repairs.PAGE], before)
            for booking in ended:
                await self._wake(booking, swept)

    async def _stuck(self, suspects: Sequence[OpenBooking], swept: Swept) -> set[Trouble]:
        """Bookings whose step has been tried in vain. Those that need a person anyway are looked at last."""
        found = set()
        for booking in sorted(suspects, key=lambda one: one.card.needs_attention)[:MOST_LOOKED_AT]:
            run = await self._engine_room.look(booking.reference)
            stuck = [one for one in (run.waiting if run else ()) if one.attempts >= STUCK_ATTEMPTS]
            if stuck:
                most = max(stuck, key=lambda one: one.attempts)
                why = most.trouble or "no answer"
                detail = f"A step could not be written in {most.attempts} tries ({why}); it is tried on."
                found.add(await self._mark(booking, "step_stuck", detail, swept))
        return found

    async def _mark(self, booking: OpenBooking, kind: str, detail: str, swept: Swept) -> Trouble:
        trouble = Trouble(booking.card.hotel_id, booking.reference, kind)
        async with self._database.hotel(trouble.hotel_id) as tx:
            if await repairs.mark_trouble(tx, trouble, detail, self._clock()):
                swept.opened.append(trouble)
                self._told(kind, 1)
                log.error("booking needs attention", reference=booking.reference, kind=kind)
        return trouble

    async def _clear(self, trouble: Trouble, swept: Swept) -> None:
        async with self._database.hotel(trouble.hotel_id) as tx:
            await repairs.clear_trouble(tx, trouble, "It goes on.", self._clock())
        swept.closed.append(trouble)

    async def count(self) -> list[Difference]:
        """Adds the counters up anew and puts right what differs; answers what did. Errors: DatabaseAway."""
        now = self._clock()
        found = await operations.differences(self._operations, now)
        corrected = await operations.put_right(self._database, found, "sweeper", now)
        if corrected:
            self._told("counters_corrected", len(corrected))
            log.error("counters differed from their bookings", nights=len(corrected), first=str(corrected[0]))
        return corrected

"""The life of a booking, told from its first request to its closed books. docs/story.md has the picture."""

from dataclasses import replace

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.bookings import BookingActivities
    from domain.alarms import clock_rang, in_a_taken_room
    from domain.booking import Status
    from domain.changing import zone_corrected
    from domain.ledgers import totals_of
    from domain.refusals import Refused, conflict
    from domain.steps import Act, Step
    from domain.told import told
    from messages.bookings import (
        Answer,
        BookingEnd,
        BookingStart,
        Command,
        OpenBooking,
        Opened,
        Resume,
        Rezone,
        StepTaken,
    )
    from messages.names import BOOKING_STATUS
    from messages.payments import StartPayment
    from workflows.engine import Due, Engine, moved_on
    from workflows.judging import judge, wish_to_pay, without_rooms
    from workflows.notes import Note
    from workflows.teller import Word

# So often a correction is tried against a row that other runs write at the same moment.
READINGS = 3


@workflow.defn
class BookingWorkflow(Engine):
    """One booking. Its agenda drives it; people's commands come first."""

    @workflow.run
    async def run(self, start: BookingStart) -> BookingEnd:
        """The table of contents."""
        if not await self.open(start):
            return await self.never_opened()
        while True:
            await self.secure()
            await self.await_arrival()
            await self.host()
            await self.settle()
            if not await self.aftercare():
                return BookingEnd(self.live.reference, self.live.status.value, totals_of(self.live))

    async def open(self, start: BookingStart) -> bool:
        """The room is taken, or the story ends here. A resumed run reads its row instead."""
        if start.resume:
            return await self.resume(start.resume)
        if start.opening is None:
            raise ValueError("A booking starts with an opening or with a row to resume from.")
        opening = replace(start.opening, now=workflow.now(), step_id=self.step_id(1))
        # A first task that comes late is no reason to stop: an earlier try of it may have taken the room, and only the
        # database knows.
        done = await self.surely(BookingActivities.open_booking, opening)
        if done.booking:
            self.became(done.booking)
        self.opening_answer = self.signed(done.answer, opening)
        return done.booking is not None

    def signed(self, answer: Opened, opening: OpenBooking) -> Opened:
        """The answer with the run that gives it and the try that it was for."""
        return replace(answer, run_id=workflow.info().run_id, asked_until=opening.open_before)

    async def never_opened(self) -> BookingEnd:
        """Nothing was taken: the one who asked is told, and nobody else."""
        if workflow.info().typed_search_attributes.get(BOOKING_STATUS):
            workflow.upsert_search_attributes([BOOKING_STATUS.value_unset()])
        while self.notes or not workflow.all_handlers_finished():
            while self.notes:
                self.notes.popleft().refuse(conflict("not_opened", "This booking was never opened."))
            await workflow.wait_condition(lambda: bool(self.notes) or workflow.all_handlers_finished())
        answer = self.opening_answer
        return BookingEnd(answer.reference if answer else "", answer.outcome if answer else "not_opened")

    async def secure(self) -> None:
        """The hotel says yes or no, an option is made firm, the guest takes the wish back, or the time runs out."""
        while self.now_is(Status.HELD, Status.PENDING):
            await self.live_on()

    async def await_arrival(self) -> None:
        """Reminders, rooms, early money, changes of mind, and guests who never come."""
        while self.now_is(Status.CONFIRMED):
            await self.live_on()

    async def host(self) -> None:
        """Guests are in the house, or some have left and some are still to come."""
        while self.now_is(Status.CHECKED_IN):
            await self.live_on()

    async def settle(self) -> None:
        """Late money is still taken and the guest is asked how it was; then the books close."""
        while self.now_is(Status.CHECKED_OUT):
            await self.live_on()

    async def aftercare(self) -> bool:
        """The story is over; whoever still waits is answered. True when somebody has taken the booking up again."""
        while self.live.status.ended:
            if not await self.live_on():
                return False
        return True

    async def live_on(self) -> bool:
        """One piece of news: a note, the provider's word, clocks that are due, or a corrected zone; False for none."""
        match await self.news():
            case Due() as clocks:
                await self.act_on(clocks)
            case Rezone() as correction:
                await self.correct(correction)
            case Word() as word:
                await self.believe(word)
            case Note(command=StartPayment()) as note:
                await self.serve_payment(note)
            case Note() as note:
                await self.serve(note)
            case None:
                return False
        return True

    async def serve_payment(self, note: Note) -> None:
        """A guest wants to pay: the payment is begun, or found, and the answer waits for the provider's."""
        command = note.command
        if not isinstance(command, StartPayment):
            raise TypeError("Only a wish to pay is served here.")
        if command.asked.seen > self.live.seq:
            await self.catch_up()
        try:
            wish = wish_to_pay(self.live, command, workflow.now())
        except Refused as refused:
            note.refuse(refused)
            return
        if wish.step is not None:
            known = command.asked.key in self.live.keys
            taken = await self.write(wish.step, "" if known else command.asked.key, command.asked.body_hash)
            if taken.outcome == "overtaken":
                note.refuse(moved_on())
                await self.go_on_afresh()
            if taken.outcome != "done":
                # An old key: what it began has long ended, and nothing is waited for.
                note.answer = self.answer(note, "already")
                return
        if wish.waits_for is not None:
            self.wait_for(wish.waits_for, note)
        else:
            note.answer = self.answer(note, "done")

    async def believe(self, word: Word) -> None:
        """What the provider said, read there and not told by anybody, becomes part of the story."""
        act = Act(workflow.now(), channel="provider")
        step = told(self.live, word.look, word.seen, act)
        if step is not None:
            taken = await self.write(step)
            if taken.refusal and taken.refusal.code == "sold_out":
                # Late money finds its room given to somebody else: it goes back.
                step = told(self.live, word.look, word.seen, act, retake=False)
                taken = await self.write(step) if step else taken
            if taken.outcome == "overtaken":
                await self.go_on_afresh()
            if taken.outcome == "refused":
                raise RuntimeError(f"A provider's word can't be refused: {taken.refusal}")
        self.let_go_on(word)

    async def serve(self, note: Note) -> None:
        """Judges a note against the booking as it is now, writes the step it makes, and answers."""
        command = note.command
        if command.asked.seen > self.live.seq:
            await self.catch_up()
        try:
            step = judge(self.live, command, workflow.now())
            if step is None:
                note.answer = self.answer(note, "already")
                return
            taken = await self.write_change(step, command)
        except Refused as refused:
            note.refuse(refused)
            return
        if taken.outcome == "refused":
            note.refusal = taken.refusal
        elif taken.outcome == "overtaken":
            note.refuse(moved_on())
            await self.go_on_afresh()
        elif step.what == "approval_given" and taken.outcome == "done":
            chosen = self.live.purse.set_aside
            self.wait_for(chosen.number if chosen else 0, note)
        else:
            note.answer = self.answer(note, "done" if taken.outcome == "done" else "already")

    async def catch_up(self) -> None:
        """Becomes what the row is: an earlier try of this run wrote a step of which its history knows nothing."""
        written = await self.surely(BookingActivities.load_booking, Resume(self.live.hotel_id, self.live.reference))
        if written is not None and written.seq > self.live.seq:
            self.became(written)

    async def write_change(self, step: Step, command: Command) -> StepTaken:
        """Writes a command's step; a change whose rooms are taken on its new nights is made without them."""
        lost: list[str] = []
        while True:
            taken = await self.write(step, command.asked.key, command.asked.body_hash)
            refusal = taken.refusal
            if taken.outcome != "refused" or refusal is None or refusal.code != "room_not_free":
                return taken
            room = str(refusal.facts.get("room", ""))
            if room in lost:
                return taken
            lost.append(room)
            again = without_rooms(self.live, command, workflow.now(), lost)
            if again is None:
                return taken
            step = again

    async def correct(self, correction: Rezone) -> None:
        """The hotel's zone was wrong; a correction that is known already changes nothing."""
        for _ in range(READINGS):
            if correction.version <= self.live.terms.version:
                return
            act = Act(workflow.now(), correction.actor, "desk", "The hotel's time zone was corrected.")
            taken = await self.write(zone_corrected(self.live, act, correction.zone, correction.version))
            if taken.outcome == "overtaken":
                # A fresh run would not know of the correction, so this one reads the row again.
                await self.resume(Resume(self.live.hotel_id, self.live.reference))
        await self.go_on_afresh()

    async def act_on(self, clocks: Due) -> None:
        """Does what the agenda says; clocks that ring together are one step."""
        step = clock_rang(self.live, clocks.entries, Act(workflow.now()))
        taken = await self.write(step)
        if taken.refusal and taken.refusal.code == "room_not_free":
            taken = await self.write(in_a_taken_room(step, str(taken.refusal.facts.get("room", ""))))
        if taken.outcome == "overtaken":
            await self.go_on_afresh()
        if taken.outcome != "done":
            raise RuntimeError(f"A clock's step can't be {taken.outcome}: {taken.refusal}")

    def answer(self, note: Note, outcome: str) -> Answer:
        """What the door tells its visitor."""
        booking = self.live
        place = (booking.reference, booking.version, booking.seq, booking.status.value)
        return Answer(*place, outcome, note.command.asked.body_hash)

"""One random life, lived by the real booking and by the model of it, and compared after every act."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from temporalio.client import Client, WorkflowUpdateFailedError

from domain.booking import Actor
from domain.changes import StayPlan
from domain.stay import StayDates
from domain.terms import HotelTerms
from messages.bookings import (
    Amend,
    AnswerChange,
    Approve,
    AskChange,
    Asked,
    AssignRoom,
    Cancel,
    CheckIn,
    CheckOut,
    Confirm,
    Decline,
    GiveUp,
    MarkNoShow,
    MoveClock,
    Reinstate,
    TakePayment,
    WaiveFee,
)
from tests.story.chance import Chance
from tests.story.conftest import CACHED
from tests.story.model import ENDED, Goal, Room, Wish
from tests.story.model_acts import Model
from tests.story.world import DESK, GUEST, MANAGER, NIGHT_MINOR, Life, build_house, connect, plan, refusal
from workflows.booking import BookingWorkflow

MOST_ACTS = 10
MOST_AFTER_THE_END = 3
MOST_JUMPS = 4
# Without workflows in memory every task is a replay, and many lives at once would be lived too slowly for their acts.
AT_ONCE = 25 if CACHED else 4
MOST_SECONDS_AN_ACT = 40
# So many lives may come to no end, as on a machine that is too slow, before no more are begun.
MOST_IN_TROUBLE = 10
WHO: dict[str, Actor] = {"guest": GUEST, "frontdesk": DESK, "manager": MANAGER}
# The letters that may go with what happened; nothing else is ever written to anybody.
LETTERS = {
    "requested": {"received", "new_request"}, "option_held": {"held"}, "booked": {"confirmed"},
    "approved": {"confirmed"}, "confirmed": {"confirmed"}, "approved_by_rule": {"confirmed"},
    "declined": {"declined"}, "failed": {"cancelled"}, "expired": {"expired"}, "option_ended": {"expired"},
    "cancelled": {"cancelled", "check_out"}, "withdrawn": {"cancelled"}, "no_show": {"no_show", "check_out"},
    "checked_in": {"check_in"}, "checked_out": {"check_out", "invoice"}, "amended": {"changed"},
    "extended": {"changed"}, "change_accepted": {"changed"}, "change_asked": {"change_request"},
    "change_declined": {"change_answered"}, "change_lapsed": {"change_answered"},
    "reminded": {"pre_arrival", "feedback"}, "deadline_near": {"deadline_near"},
    "overstay": {"overstay"}, "overstay_night": {"overstay"},
    "reinstated": {"held", "pending", "new_request", "confirmed"},
}  # fmt: skip


class Differs(Exception):
    """The real booking and the model tell two stories."""


@dataclass
class Tally:
    """What the sequences were made of, and the ones that did not hold. parted: where the two stories differ."""

    stop_after: int
    acts: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)
    parted: int = 0
    lived: int = 0
    worst_lag: timedelta = timedelta(0)

    @property
    def enough(self) -> bool:
        """Whether so many differ that no more need be known."""
        return self.parted >= self.stop_after or len(self.differing) >= MOST_IN_TROUBLE


@dataclass
class Tale:
    """One life. lines: what happened so far, readable."""

    life: Life
    chance: Chance
    db: psycopg.Connection[Any]
    tally: Tally
    lines: list[str] = field(default_factory=list)
    seq: int = 0
    last: datetime = field(default_factory=lambda: datetime.now(UTC))
    ahead: timedelta = timedelta(0)
    granted: list[Wish] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The booking's clock as far as it is known here; a run after the end begins at the real time."""
        if self.model.status in ENDED:
            return max(datetime.now(UTC), self.last)
        return datetime.now(UTC) + self.ahead

    async def lived(self) -> None:
        """The opening and some acts; Differs when the two stories part."""
        await self._open()
        acts = after_the_end = jumps = 0
        while acts < MOST_ACTS and after_the_end < MOST_AFTER_THE_END and not self.tally.enough:
            kind, good = self.chance.kind(self.model, self.now)
            async with asyncio.timeout(MOST_SECONDS_AN_ACT):
                if kind in ("ring", "arrive"):
                    jumps += 1
                    if jumps <= MOST_JUMPS:
                        await self._jump(kind)
                elif kind in ("full_house", "dirty"):
                    self._elsewhere(kind)
                else:
                    after_the_end += self.model.status in ENDED
                    await self._ask(kind, acts, good=good)
            acts += 1
            self._compare()
        self._letters()

    async def _open(self) -> None:
        life, draw = self.life, self.chance.draw
        who, rooms = draw.choice(("guest", "guest", "frontdesk")), draw.choice((1, 1, 2))
        began = datetime.now(UTC)
        option = who != "guest" and draw.random() < 0.6
        for_approval = who != "guest" and draw.random() < 0.3
        until = began + timedelta(hours=draw.choice((1, 2))) if option else None
        terms, nights = life.house.terms, life.dates.nights
        price = dict.fromkeys(nights, NIGHT_MINOR)
        stays = [Room(n, "held", nights[0], life.dates.departure, 1, 1, dict(price)) for n in range(1, rooms + 1)]
        self.model = Model(terms, life.house.stay, stays, began, began, self._stock())
        if until and until > self.model.latest_hold():
            until = None
        dates = f"{life.dates.arrival}..{life.dates.departure}"
        self._tell(f"{who} opens {rooms} room(s) {dates} until={until} {self._words(terms)}")
        opened = await life.begin(rooms, actor=WHO[who], option_until=until, for_approval=for_approval)
        if opened.outcome != "opened":
            raise Differs(f"the opening ended as {opened}")
        at = self.db.execute("SELECT created_at FROM bookings WHERE reference = %s", [life.reference]).fetchone()
        assert at
        self.model.created = at[0]
        self.model.open(at[0], yes=who != "guest" and not for_approval, option_until=until)
        self.seq = 1
        self._compare()

    def _words(self, terms: HotelTerms) -> str:
        rate = self.life.house.stay
        return (
            f"| {terms.zone}, payment {terms.payment}, confirmation {terms.confirmation}, without an answer"
            f" {terms.approval.at_end}, feedback {terms.feedback_after_seconds} | free until"
            f" {rate.free_until_days} d, then {rate.late_cancellation}, no-show {rate.no_show},"
            f" early {rate.early_departure}"
        )

    def _tell(self, words: str) -> None:
        self.lines.append(f"{self.now:%a %d %b %H:%M:%S}Z  {words}")

    def _stock(self) -> dict[tuple[int, Any], list[int]]:
        rows = self.db.execute(
            "SELECT room_type_id, night, physical, blocked FROM room_type_nights WHERE hotel_id = %s",
            [self.life.house.hotel_id],
        )
        return {(row[0], row[1]): [row[2], row[3]] for row in rows}

    def _elsewhere(self, kind: str) -> None:
        """What others do: guests who take every room that is left or give it back, and the day before housekeeping."""
        hotel = [self.life.house.hotel_id]
        full = kind == "full_house" and self.chance.draw.random() < 0.7
        if kind == "dirty":
            self.db.execute("UPDATE rooms SET housekeeping = 'dirty' WHERE hotel_id = %s", hotel)
            self.model.dirty = set(self.life.house.rooms)
        else:
            self.db.execute(
                "UPDATE room_type_nights SET blocked = CASE WHEN %s THEN greatest(0, physical - held - sold) ELSE 0 END"
                " WHERE hotel_id = %s", [full, *hotel],
            )  # fmt: skip
            self.model.nights = self._stock()
        self.tally.acts[kind] += 1
        self._tell("others take every room" if full else f"{kind}: every room is dirty, or given back by others")

    async def _jump(self, kind: str) -> None:
        """Time passes, to the next clock or to the day of arrival; what rings on the way is done."""
        ringing = self.model.seen()["next_at"]
        goal = self.chance.arrival_of(self.model) if kind == "arrive" else ringing
        if goal is None or goal <= self.now or self.model.status in ENDED:
            return
        goal += timedelta(minutes=1)
        self.tally.acts[kind] += 1
        self._tell(f"time passes until {goal:%a %d %b %H:%M}Z")
        await self.life.until(goal)
        self.ahead = goal + timedelta(seconds=1) - datetime.now(UTC)
        while True:
            self._absorb()
            coming = self.model.seen()["next_at"]
            if coming is None or coming > self.now or self.model.status in ENDED:
                break
            await asyncio.sleep(0.02)
        if self.model.status not in ENDED:
            self.ahead = await self.life.clock() - datetime.now(UTC)

    def _absorb(self, wish: Wish | None = None) -> str:
        """Takes what was written since into the model: clocks ring, and the wish is carried out at its own instant."""
        answer = ""
        rows = self.db.execute(
            "SELECT seq, happened_at, actor_kind, what FROM booking_events WHERE reference = %s AND seq > %s"
            " ORDER BY seq", [self.life.reference, self.seq],
        ).fetchall()  # fmt: skip
        for seq, at, kind, what in rows:
            if seq != self.seq + 1:
                raise Differs(f"event {self.seq + 1} is missing before {seq}")
            self.seq = seq
            self.tally.events[what] += 1
            if kind != "system":
                if wish is None or answer:
                    raise Differs(f"{what} happened and nobody had asked for it")
                if abs(at - self.now) > timedelta(seconds=40):
                    raise Differs(f"{what} is told to have happened at {at}, but the clock is at {self.now}")
                answer, self.last = self.model.judge(wish, at), at
                continue
            due = self.model.seen()["next_at"]
            if not self.model.rings(at):
                raise Differs(f"{what} rang at {at}; the next clock was {due}")
            # A clock whose moment had passed when it appeared rings at once.
            self.tally.worst_lag = max(self.tally.worst_lag, at - max(due, self.last))
            self.last = at
            self._tell(f"{what} at {at}")
        return answer

    async def _ask(self, kind: str, number: int, *, good: bool) -> None:
        """Somebody wants something; real booking and model give the same answer."""
        wish = self.chance.wish(kind, self.model, self.now, f"key-{number}", good=good)
        if self.granted and self.chance.draw.random() < 0.05:
            wish = self.chance.draw.choice(self.granted)
        self.tally.acts[kind] += 1
        self._tell(str({name: value for name, value in vars(wish).items() if value}))
        ended = self.model.status in ENDED
        try:
            real = (await self._send(wish, f"update-{number}")).outcome
        except WorkflowUpdateFailedError as refused:
            real = refusal(refused)
        told = self._absorb(wish) or self.model.judge(wish, self.now)
        if ended and self.model.status not in ENDED:
            self.ahead = await self.life.clock() - datetime.now(UTC)
        if told == "done":
            self.granted.append(wish)
        self.tally.answers[real] += 1
        self._tell(f"  → {real}")
        if real != told:
            raise Differs(f"the booking says {real}, the model {told}")

    async def _send(self, wish: Wish, key: str) -> Any:
        """The command of a wish. key: the update's own, so that a repeated command is judged anew."""
        asked = Asked(wish.key, "hash", WHO[wish.who], "desk", wish.version, wish.reason, wish.stays, self.seq)
        plans = tuple(self._plan(goal) for goal in wish.goals)
        house, doors = self.life.house, BookingWorkflow
        update, command = {
            "approve": (doors.approve, lambda: Approve(asked)),
            "decline": (doors.decline, lambda: Decline(asked)),
            "confirm": (doors.confirm, lambda: Confirm(asked)),
            "cancel": (doors.cancel, lambda: Cancel(asked, wish.waive, wish.told)),
            "assign": (doors.assign_room, lambda: AssignRoom(
                asked, house.rooms[wish.room], wish.room, 2 if wish.room == "900" else 1)),
            "check_in": (doors.check_in, lambda: CheckIn(asked)),
            "check_out": (doors.check_out, lambda: CheckOut(asked)),
            "no_show": (doors.mark_no_show, lambda: MarkNoShow(asked)),
            "pay": (doors.take_payment, lambda: TakePayment(asked, "cash", wish.amount, house.terms.currency)),
            "waive_fee": (doors.waive_fee, lambda: WaiveFee(asked)),
            "give_up": (doors.give_up, lambda: GiveUp(asked)),
            "reinstate": (doors.reinstate, lambda: Reinstate(asked, wish.oversell)),
            "move_clock": (doors.move_clock, lambda: MoveClock(asked, wish.clock, wish.at)),
            "amend": (doors.amend, lambda: Amend(asked, plans, "amended", wish.told, 0, wish.oversell)),
            "extend": (doors.amend, lambda: Amend(asked, plans, "extended", wish.told, 0, wish.oversell)),
            "ask_change": (doors.ask_change, lambda: AskChange(asked, "{}", "A later flight.", plans)),
            "answer_change": (
                doors.answer_change, lambda: AnswerChange(asked, wish.number, wish.verdict, plans)),
        }[wish.kind]  # fmt: skip
        return await self.life.ask(update, command(), key)

    def _plan(self, goal: Goal) -> StayPlan:
        dates = StayDates(goal.arrival, goal.departure)
        prices = {f"d{night:%Y%m%d}": price for night, price in zip(dates.nights, goal.price, strict=True)}
        return plan(self.life.house, goal.number, dates, goal.sells, **prices)

    def _compare(self) -> None:
        """Rows and model, field by field."""
        real, told = self._seen(), self.model.seen()
        parts = [
            f"{name}: the booking has {real[name]}, the model {told[name]}" for name in told if real[name] != told[name]
        ]
        if parts:
            raise Differs("; ".join(parts))

    def _seen(self) -> dict[str, Any]:
        place = [self.life.reference]
        row = self.db.execute(
            "SELECT status, version, payment_status, balance_minor, next_at, agenda, hotel_id FROM bookings"
            " WHERE reference = %s", place,
        ).fetchone()  # fmt: skip
        stays = self.db.execute(
            "SELECT s.stay, s.status, s.arrival, s.departure, coalesce(r.number, ''), s.total_minor, s.fee_minor"
            " FROM stays s LEFT JOIN rooms r USING (hotel_id, room_id) WHERE s.reference = %s", place,
        ).fetchall()  # fmt: skip
        nights = self.db.execute(
            "SELECT room_type_id, night, held, sold, oversold FROM room_type_nights WHERE hotel_id = %s"
            " AND held + sold + oversold > 0", [self.life.house.hotel_id],
        ).fetchall()  # fmt: skip
        events = self.db.execute("SELECT what FROM booking_events WHERE reference = %s ORDER BY seq", place).fetchall()
        assert row
        return {
            **dict(zip(("status", "version", "payment_status", "balance_minor", "next_at"), row, strict=False)),
            "agenda": {
                one["key"]: (datetime.fromisoformat(one["at"]), datetime.fromisoformat(one["latest"])) for one in row[5]
            },
            "stays": {stay[0]: stay[1:] for stay in stays},
            "nights": {night[:2]: night[2:] for night in nights},
            "events": [event[0] for event in events],
        }

    def _letters(self) -> None:
        """Each event has its letters and no others."""
        rows = self.db.execute(
            "SELECT e.what, array_remove(array_agg(n.kind), NULL) FROM booking_events e LEFT JOIN notices n"
            " USING (hotel_id, reference, seq) WHERE e.reference = %s GROUP BY e.seq, e.what", [self.life.reference],
        )  # fmt: skip
        for what, kinds in rows:
            wanted = LETTERS.get(what, set())
            if not set(kinds) <= wanted or (wanted and not kinds and what != "checked_out"):
                raise Differs(f"with {what} went the letters {kinds}")


async def live_all(client: Client, owner_url: str, seeds: Iterable[str], stop_after: int = 3) -> Tally:
    """Lives the sequences of these seeds, some at once; once so many differ the others are left as they are."""
    tally, waiting = Tally(stop_after), iter(seeds)

    async def one(seed: str) -> None:
        chance = Chance(seed)
        house = build_house(owner_url, db, **chance.hotel())
        dates = chance.dates(house.terms.zone, house.terms.audit_time)
        tale = Tale(Life(client, owner_url, house, dates, db=db), chance, db, tally)
        try:
            await tale.lived()
            tally.lived += 1
        except Exception as trouble:
            tally.parted += isinstance(trouble, Differs)
            told = "\n  ".join(tale.lines)
            tally.differing.append(f"sequence {seed}:\n  {told}\n  {type(trouble).__name__}: {trouble}")

    async def some() -> None:
        for seed in waiting:
            if not tally.enough:
                await one(seed)

    with connect(owner_url) as db:
        lives = [asyncio.create_task(some()) for _ in range(AT_ONCE)]
        try:
            await asyncio.gather(*lives)
        finally:
            for life in lives:
                life.cancel()
            await asyncio.gather(*lives, return_exceptions=True)
    return tally

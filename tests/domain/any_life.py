"""Any life of a booking: moves as people and clocks may make them, and a ledger that follows every step."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta

from domain import acts, alarms, changing, charging
from domain.agenda import agenda, due, next_alarm
from domain.booking import GONE, SYSTEM, Booking, Status, Stay, status_of_stays
from domain.changing import Terms
from domain.checks import check_clock, check_reinstate
from domain.clocks import business_date
from domain.folio import Charge, FolioLine, PricePart, Routes, open_lines, post_nights
from domain.lifecycle import Action, allowed_actions, check_allowed
from domain.steps import Act, ChangeNews, Step
from domain.waiting import waiting_for
from tests.domain.made import A_DAY, A_MINUTE, AN_HOUR, GUEST, MANAGER, plan

Night = tuple[int, date]
Room = tuple[int, date, date]
WISH = ChangeNews(0, "open", "{}", "A day more.")
ZONES = ("Asia/Kolkata", "America/New_York", "Pacific/Apia")


def _status_moves() -> dict[str, tuple[Action, Callable[[Booking, Act, tuple[Stay, ...], int], Step]]]:
    return {
        "approve": (Action.APPROVE, lambda b, a, s, n: acts.approved(b, a)),
        "decline": (Action.DECLINE, lambda b, a, s, n: acts.declined(b, a)),
        "confirm": (Action.CONFIRM, lambda b, a, s, n: acts.confirmed(b, a)),
        "fail": (Action.FAIL, lambda b, a, s, n: acts.failed(b, a)),
        "cancel": (Action.CANCEL, lambda b, a, s, n: acts.cancelled(b, a, [each.number for each in s], waive=n > 4)),
        "assign": (Action.ASSIGN_ROOM, lambda b, a, s, n: acts.room_assigned(b, a, s[0], (n, str(n), 1 + n % 2))),
        "leave": (Action.CHECK_OUT, lambda b, a, s, n: acts.checked_out(b, a, s)),
        "missing": (Action.NO_SHOW, lambda b, a, s, n: acts.no_show(b, a, [each.number for each in s])),
        "waive": (Action.WAIVE_FEE, lambda b, a, s, n: acts.fee_waived(b, a, ())),
        "ask": (Action.ASK_CHANGE, lambda b, a, s, n: changing.change_asked(b, a, WISH)),
        "arrive": (Action.CHECK_IN, _arrive),
        "reinstate": (Action.REINSTATE, _reinstate),
        "amend": (Action.AMEND, _amend),
        "extend": (Action.EXTEND, _amend),
        "answer": (Action.ANSWER_CHANGE, _answer),
        "pay": (Action.PAYMENTS, _pay),
        "charge": (Action.CHARGES, _charge),
    }


def _today(made: Booking, doing: Act) -> date:
    return business_date(doing.now, made.terms.zone, made.terms.audit_time)


def _arrive(made: Booking, doing: Act, stays: tuple[Stay, ...], _: int) -> Step:
    in_time = all(stay.room_id and stay.arrival <= _today(made, doing) < stay.departure for stay in stays)
    if not in_time:
        raise LookupError
    return acts.checked_in(made, doing, stays)


def _reinstate(made: Booking, doing: Act, stays: tuple[Stay, ...], n: int) -> Step:
    check_reinstate(made, stays, doing.reason, doing.now)
    return changing.reinstated(made, doing, stays, oversell=n > 4)


def _amend(made: Booking, doing: Act, stays: tuple[Stay, ...], n: int) -> Step:
    """A night longer or shorter, a day later, another type, or one room more; never into the past."""
    stay, today = stays[0], _today(made, doing)
    first, last, kind = stay.arrival, stay.departure + (A_DAY if n % 2 else -A_DAY), stay.room_type_id
    inside = stay.status is Status.CHECKED_IN
    if n in (2, 3) and not inside:
        first, last = first + A_DAY, last + A_DAY
    if n == 4 and not inside:
        kind = 3 - kind
    if last <= max(first, today - A_DAY) or (first < today and not inside and first != stay.arrival):
        raise LookupError
    plans = [plan(stay, first, last, room_type_id=kind)]
    if n == 5 and len(made.stays) < 4:
        plans.append(plan(stay, first, last, number=len(made.stays) + 1))
    return changing.amended(made, doing, plans, Terms(drop_rooms=(stay.number,) if n == 3 and not inside else ()))


def _answer(made: Booking, doing: Act, _: tuple[Stay, ...], n: int) -> Step:
    if n < 4:
        return changing.change_answered(made, doing, "declined" if n % 2 else "withdrawn")
    return changing.change_accepted(made, doing, ())


def _pay(made: Booking, doing: Act, _: tuple[Stay, ...], n: int) -> Step:
    if made.balance_minor < 100:
        raise LookupError
    return acts.payment_taken(made, doing, "cash", made.balance_minor if n > 4 else 100, "")


def _charge(made: Booking, doing: Act, _: tuple[Stay, ...], n: int) -> Step:
    price = 700 if n % 2 else -min(300, made.owed_minor)
    return charging.charged(made, doing, Charge("TEA", "Tea", price), made.terms.currency)


MOVES = _status_moves()
WORDS = (*MOVES, "move", "back", "zone", "clock", "clock", "clock")


def next_step(made: Booking, word: str, number: int, now: datetime, n: int) -> Step | None:
    """The step that a move makes at that instant, as the story would; None where the booking does not leave it open.

    Errors: Refused, by the rule that stands in the way.
    """
    doing = Act(now, GUEST if word == "ask" else MANAGER, "desk", "Because.")
    if word == "clock":
        alarm = next_alarm(agenda(made))
        if alarm is None:
            return None
        at = max(alarm.at, made.last_instant)
        return alarms.clock_rang(made, due(agenda(made), at), Act(at, SYSTEM))
    if word == "zone":
        return changing.zone_corrected(made, doing, ZONES[n % 3], made.terms.version + 1)
    if word in ("move", "back"):
        return _moved(made, doing, number, n, back=word == "back")
    action, take = MOVES[word]
    if action not in allowed_actions(made, doing.actor.kind, doing.now):
        return None
    whole = action in (Action.WAIVE_FEE, Action.ASK_CHANGE, Action.ANSWER_CHANGE, Action.PAYMENTS, Action.CHARGES)
    several = n % 2 == 0 or action in (Action.APPROVE, Action.DECLINE, Action.CONFIRM, Action.FAIL)
    stays = check_allowed(made, action, () if whole or several else (number,), doing.actor.kind)
    if action is Action.ASSIGN_ROOM and len(stays) != 1:
        return None
    try:
        return take(made, doing, stays, number if word == "assign" else n)
    except LookupError:
        return None


def _moved(made: Booking, doing: Act, number: int, n: int, *, back: bool) -> Step | None:
    """A clock is moved within its bounds, or put back. What is due by then has rung before."""
    lines = agenda(made)
    if made.status.ended or not lines or due(lines, doing.now):
        return None
    line = lines[n % len(lines)]
    if back and made.moved(line.key) is None:
        return None
    at = None if back else line.at + (number - 2) * 9 * AN_HOUR + A_MINUTE
    return changing.clock_moved(made, doing, check_clock(made, line.key, at, MANAGER, "Because.", doing.now), at)


class Ledger:
    """What all steps add up to, compared with the booking after each of them."""

    def __init__(self) -> None:
        self.held: Counter[Night] = Counter()
        self.sold: Counter[Night] = Counter()
        self.rooms: dict[int, Room] = {}
        self.letters: Counter[tuple[object, ...]] = Counter()
        self.before: Booking | None = None
        self.lines: tuple[FolioLine, ...] = ()

    def follow(self, step: Step) -> None:
        """One step more. Errors: AssertionError where something does not add up."""
        for move in step.nights:
            self.held[(move.room_type_id, move.night)] += move.held
            self.sold[(move.room_type_id, move.night)] += move.sold
        for change in step.rooms:
            self.rooms.pop(change.stay, None)
            if change.room_id is not None:
                self.rooms[change.stay] = (change.room_id, change.arrival, change.departure)
        self._in_order(step)
        self._nights(step.after)
        self._rooms(step.after)
        self._money(step)
        self._folio(step)
        self._clocks(step)
        self._states(step.after)
        self.before = step.after

    def _in_order(self, step: Step) -> None:
        before, after = self.before, step.after
        assert list(step.nights) == sorted(step.nights, key=lambda move: (move.room_type_id, move.night))
        if before is not None:
            assert after.seq == before.seq + 1
            assert after.last_instant == max(before.last_instant, step.act.now)
            assert after.version - before.version in (0, 1)
            assert (after.since == step.act.now) if after.status is not before.status else True

    def _nights(self, after: Booking) -> None:
        """Counted anew from the rooms as they are."""
        held: Counter[Night] = Counter()
        sold: Counter[Night] = Counter()
        for stay in after.stays:
            nights = [stay.arrival + timedelta(days=n) for n in range((stay.departure - stay.arrival).days)]
            kept = [n for n in nights if n not in stay.skipped and not (stay.released_from and n >= stay.released_from)]
            if stay.status in (Status.HELD, Status.PENDING):
                held.update((stay.inventory_type_id, night) for night in kept)
            elif stay.status in (Status.CONFIRMED, Status.CHECKED_IN, Status.CHECKED_OUT, Status.NO_SHOW):
                sold.update((stay.inventory_type_id, night) for night in kept)
        assert +self.held == held
        assert +self.sold == sold
        assert min([0, *self.held.values(), *self.sold.values()]) == 0

    def _rooms(self, after: Booking) -> None:
        expected = {
            stay.number: (
                stay.room_id,
                max(stay.arrival, stay.expected_on or stay.arrival),
                min(stay.departure, stay.released_from or stay.departure),
            )
            for stay in after.stays
            if stay.room_id is not None and stay.status not in GONE
        }
        assert self.rooms == expected
        for _, first, end in self.rooms.values():
            assert first < end

    def _money(self, step: Step) -> None:
        after = step.after
        assert after.balance_minor == after.owed_minor - after.paid_minor
        assert all(0 <= stay.owed_minor <= stay.total_minor + stay.fee_minor for stay in after.stays)
        assert all(0 <= stay.fee_minor <= stay.total_minor for stay in after.stays)
        assert (step.payment is not None) == (step.what == "payment_received")

    def _folio(self, step: Step) -> None:
        """Posted by some steps only, as in life; what stands is never more than is owed, and all of it at the end."""
        after = step.after
        today = business_date(step.act.now, after.terms.zone, after.terms.audit_time)
        price = [
            PricePart(stay.number, night, "room", "DBL", "Double room", amount)
            for stay in after.stays
            for night, amount in zip(stay.nights(), stay.night_minor, strict=True)
        ]
        up_to = None if after.seq % 5 == 0 else today - A_DAY
        self.lines += post_nights(after, price, self.lines, up_to, Routes({}))
        assert post_nights(after, price, self.lines, today - A_DAY, Routes({})) == ()
        places = [(line.slot, line.revision) for line in self.lines]
        assert len(set(places)) == len(places)
        assert len({line.reverses for line in self.lines if line.reverses}) == sum(bool(x.reverses) for x in self.lines)
        posted = sum(line.post.amount_minor for line in self.lines)
        assert posted == sum(line.post.amount_minor for line in open_lines(self.lines))
        if not after.live(Status.CHECKED_IN, Status.CONFIRMED, Status.HELD, Status.PENDING):
            assert posted == after.owed_minor - after.extras_minor
        else:
            assert 0 <= posted <= after.owed_minor - after.extras_minor

    def _clocks(self, step: Step) -> None:
        lines = agenda(step.after)
        assert [line.at for line in lines] == sorted(line.at for line in lines)
        assert len({line.key for line in lines}) == len(lines)
        for line in lines:
            assert line.default_at is not None
            assert line.latest is not None
            assert (line.earliest or line.default_at) <= line.default_at <= line.latest
        for wish in step.notices:
            if wish.kind in ("pre_arrival", "deadline_near"):
                stay = step.after.stay(wish.stay or 0)
                arrival = (stay.arrival, stay.expected_on) if stay else None
                when: object = arrival or (step.after.since, wish.data["who"])
                self.letters[(wish.kind, wish.stay, when)] += 1
                # One letter for each arrival and each time that the hotel is asked.
                assert self.letters[(wish.kind, wish.stay, when)] == 1

    def _states(self, after: Booking) -> None:
        shared = (Status.HELD, Status.PENDING, Status.REJECTED, Status.EXPIRED, Status.FAILED, Status.COMPLETED)
        assert after.status in shared or after.status is status_of_stays(stay.status for stay in after.stays)
        assert (after.hold_expires_at is not None) == (after.status is Status.HELD)
        assert (after.approval_deadline is not None) == (after.status is Status.PENDING)
        assert (after.close_at is not None) == (after.status is Status.CHECKED_OUT)
        assert not (after.status.ended and after.change_request)
        assert all((stay.ended_from is not None) == (stay.status in GONE) for stay in after.stays)
        assert waiting_for(after)
        rings = next_alarm(agenda(after))
        assert rings or after.status.ended or any(stay.overstayed == 7 for stay in after.stays)


def everything_rung(made: Booking, at: datetime, follow: Callable[[Step], None]) -> Booking:
    """What is due by then has happened, in a bounded number of steps."""
    for _ in range(40):
        ringing = due(agenda(made), at)
        if not ringing:
            return made
        step = alarms.clock_rang(made, ringing, Act(max(at, made.last_instant), SYSTEM))
        follow(step)
        made = step.after
    raise AssertionError(f"The clocks never come to rest: {[line.key for line in due(agenda(made), at)]}")

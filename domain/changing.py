"""Changes of what was agreed: dates, rooms, clocks, taking up again. Each is one pure step.

Rules: docs/rules/amending.md, docs/rules/agenda.md, docs/rules/lifecycle.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.agenda import BEFORE_ARRIVAL, Entry, agenda, first_check_in, latest_hold
from domain.booking import Booking, ChangeAsked, ClockMove, Status, Stay, status_of_stays
from domain.changes import StayPlan
from domain.clocks import business_date
from domain.ladder import approval_deadline
from domain.refusals import conflict
from domain.securing import OF_THE_ANSWER, confirmation, held_again, payment_asked
from domain.settling import refunded_down
from domain.steps import Act, ChangeNews, NoticeWish, Step, listed, make_step, with_stays
from domain.terms import check_out_by, no_show_at

_A_DAY = timedelta(days=1)
# The clocks that hang on a stay's dates, by the date that moves them.
_OF_ARRIVAL = ("pre_arrival", "check_in_from", "cancel_free_until", "no_show")
_OF_DEPARTURE = ("overstay", "overstay_night")
_OF_LIFE = (*OF_THE_ANSWER, "close", "feedback")


@dataclass(frozen=True)
class Terms:
    """How a change is made. what: the event's word; fee_minor: what the change itself costs; oversell: even into a full
    house; drop_rooms: stays that lose their room, because it is taken on the new nights.
    """

    what: str = "amended"
    fee_minor: int = 0
    oversell: bool = False
    drop_rooms: tuple[int, ...] = ()


def amended(booking: Booking, act: Act, plans: Sequence[StayPlan], how: Terms = Terms()) -> Step:
    """Stays become what the plans say, and rooms are added; prices are those of the plans.

    A stay whose type changes, or that is among `drop_rooms`, loses its room number, and the desk is told. Clocks of
    changed dates go back to where the terms place them: the event lists those that people had moved.
    """
    planned = {plan.number: plan for plan in plans}
    lost = [s.number for s in booking.stays if s.number in planned and _loses_room(s, planned, how.drop_rooms)]
    stays = [_becomes(stay, planned[stay.number], lost) if stay.number in planned else stay for stay in booking.stays]
    known = {stay.number for stay in booking.stays}
    status = booking.status if booking.status.holds else Status.CONFIRMED
    stays += [_added(plan, status) for plan in plans if plan.number not in known]
    fee_minor = booking.fee_minor + how.fee_minor
    after = replace(booking, stays=tuple(stays), version=booking.version + 1, fee_minor=fee_minor)
    if not booking.status.holds:
        after = replace(after, status=status_of_stays(stay.status for stay in stays))
    dropped, after = _clocks_again(booking, after, act.now)
    told = [f"Stay {listed(lost)} needs another room after the change."] if lost else []
    told += ["The change went into a full house."] if how.oversell else []
    if told:
        after = replace(after, attention=" ".join(told))
    # Another change than the one that was asked for makes that wish a thing of the past.
    asked = booking.change_request
    if asked:
        after = replace(after, change_request=None)
    if not after.status.holds:
        # A stay that became cheaper than what was paid for it: the guest has the rest back at once.
        after = refunded_down(after, act.now, "changed")
    return make_step(
        booking, _within_bounds(after, act.now), how.what, act,
        change=ChangeNews(asked.number, "lapsed") if asked else None,
        difference={
            "stays": listed(sorted(planned)), "total_before_minor": booking.total_minor,
            "total_minor": after.total_minor, "fee_minor": how.fee_minor, "balance_minor": after.balance_minor,
            "dropped_clocks": ", ".join(dropped), "rooms_lost": listed(lost),
        },
        plans=tuple(plans), oversell=how.oversell, notices=(NoticeWish("changed", "guest"),),
    )  # fmt: skip


def _loses_room(stay: Stay, planned: dict[int, StayPlan], drop_rooms: Sequence[int]) -> bool:
    """Errors: 409 room_locked, where the guest was promised this very room."""
    if stay.room_id is None:
        return False
    leaves = stay.number in drop_rooms or planned[stay.number].room_type_id != stay.room_type_id
    if leaves and stay.room_locked:
        raise conflict("room_locked", f"Room {stay.room_number} is locked for stay {stay.number}.", stay=stay.number)
    if leaves and stay.status is Status.CHECKED_IN:
        told = f"Room {stay.room_number} is not free for the new nights, and the guest is in it."
        raise conflict("room_not_free", told, room=stay.room_number)
    return leaves


def _becomes(stay: Stay, plan: StayPlan, lost: Sequence[int]) -> Stay:
    same_type = plan.room_type_id == stay.room_type_id
    changed = replace(
        stay,
        arrival=plan.arrival,
        departure=plan.departure,
        room_type_id=plan.room_type_id,
        inventory_type_id=stay.inventory_type_id if same_type else plan.room_type_id,
        rate_plan_id=plan.rate_plan_id,
        terms=plan.terms,
        total_minor=plan.total_minor,
        night_minor=plan.night_minor,
        person_tax_minor=plan.person_tax_minor,
        overstayed=0,
    )
    return replace(changed, room_id=None, room_number="") if stay.number in lost else changed


def _added(plan: StayPlan, status: Status) -> Stay:
    return Stay(
        number=plan.number,
        status=status,
        arrival=plan.arrival,
        departure=plan.departure,
        room_type_id=plan.room_type_id,
        inventory_type_id=plan.room_type_id,
        rate_plan_id=plan.rate_plan_id,
        total_minor=plan.total_minor,
        terms=plan.terms,
        night_minor=plan.night_minor,
        person_tax_minor=plan.person_tax_minor,
    )


def _clocks_again(before: Booking, after: Booking, now: datetime) -> tuple[list[str], Booking]:
    """Clocks of a changed date are resolved again: moved ones are dropped, rung ones run anew, past ones skipped."""
    again: set[str] = set()
    for stay in after.stays:
        was = before.stay(stay.number)
        if was is None:
            again |= {f"pre_arrival-{stay.number}"}
            continue
        if was.arrival != stay.arrival:
            again |= {f"{kind}-{stay.number}" for kind in _OF_ARRIVAL}
        if was.departure != stay.departure:
            again |= {f"{kind}-{stay.number}" for kind in _OF_DEPARTURE}
        if was.terms != stay.terms:
            again |= {f"cancel_free_until-{stay.number}"}
        waits = before.moved(f"no_show-{stay.number}")
        if waits and waits.at > check_out_by(after.terms, stay.departure):
            # Nobody is waited for beyond the stay.
            again.add(waits.key)
    # A clock that was moved past its new bounds goes back too: nobody is awaited after the check-out time.
    if before.arrival != after.arrival:
        again |= {"deposit_due", "deposit_reminder"}
    again |= {line.key for line in agenda(after) if line.stay and line.latest and line.at > line.latest}
    dropped = [move.key for move in before.moves if move.key in again]
    fresh = replace(
        after,
        moves=tuple(move for move in after.moves if move.key not in again),
        fired=tuple(key for key in after.fired if key not in again),
    )
    return dropped, _skip_past(fresh, now, lambda key: key in again)


def _skip_past(booking: Booking, now: datetime, concerned: Callable[[str], bool]) -> Booking:
    """A reminder whose moment has passed is skipped, never sent at once."""
    past = tuple(
        entry.key
        for entry in agenda(booking)
        if concerned(entry.key) and entry.at <= now and entry.key.startswith(("pre_arrival", "approval_alert"))
    )
    return replace(booking, fired=(*booking.fired, *past)) if past else booking


def _within_bounds(booking: Booking, now: datetime) -> Booking:
    """Clocks of the booking's own life stay where they are, but never after the moment that bounds them."""
    least = now + timedelta(minutes=booking.terms.approval.least_minutes)

    def bounded(at: datetime | None, latest: datetime) -> datetime | None:
        return None if at is None else min(at, max(latest, least))

    latest = {"approval_deadline": first_check_in(booking), "hold_expires": latest_hold(booking)}
    moves = tuple(
        replace(move, at=min(move.at, max(latest[move.key], least))) if move.key in latest else move
        for move in booking.moves
    )
    change = booking.change_request
    if change:
        change = replace(change, until=min(change.until, max(first_check_in(booking), least)))
    return replace(
        booking,
        approval_deadline=bounded(booking.approval_deadline, latest["approval_deadline"]),
        hold_expires_at=bounded(booking.hold_expires_at, latest["hold_expires"]),
        moves=moves,
        change_request=change,
    )


def reinstated(booking: Booking, act: Act, stays: Sequence[Stay], *, oversell: bool = False) -> Step:
    """Stays that had ended live again, at the old prices; fees are taken back, nights that have passed are skipped.

    Cancelled ones are what they were, a no-show is awaited again, a request is with the hotel again and an option is
    held anew. The booking's own clocks start now.
    """
    today = business_date(act.now, booking.terms.zone, booking.terms.audit_time)
    numbers = [stay.number for stay in stays]
    status = _status_again(booking, stays)
    reversed_minor = sum(stay.fee_minor for stay in stays)

    def back(stay: Stay) -> Stay:
        missing = stay.status is Status.NO_SHOW
        first = stay.awaited_on + _A_DAY if missing else stay.arrival
        passed = tuple(night for night in stay.nights(first) if night < today)
        return replace(
            stay, status=status, fee_minor=0, fee_waived_minor=0, released_from=None, ended_from=None,
            skipped=(*stay.skipped, *passed) if missing else passed,
            expected_on=today if today > stay.arrival else None, room_id=None, room_number="",
        )  # fmt: skip

    after = with_stays(booking, numbers, back)
    if status.holds:
        after = replace(after, status=status)
    after = replace(
        after, since=act.now, cancellation_reason="",
        moves=tuple(m for m in after.moves if m.key not in _OF_LIFE and not _of(m.key, numbers)),
        # Who was written to before the arrival knows: the letter is not promised a second time for the same arrival.
        fired=tuple(
            key
            for key in after.fired
            if key not in _OF_LIFE and (key.startswith("pre_arrival") or not _of(key, numbers))
        ),
    )  # fmt: skip
    if status is Status.PENDING:
        after = replace(after, approval_deadline=approval_deadline(after.terms, act.now, after.arrival))
    after = replace(after, purse=replace(after.purse, watch_until=None, watched=False, kept_minor=0))
    if status is Status.HELD and after.held_for == "payment":
        after = held_again(after, act.now)
    elif status is Status.HELD:
        until = act.now + timedelta(hours=after.terms.option_hours)
        after = replace(after, hold_expires_at=min(until, latest_hold(replace(after, created_at=act.now))))
    attention = "Taken up again into a full house." if oversell else after.attention
    after = _skip_past(replace(after, attention=attention), act.now, lambda key: True)
    return make_step(
        booking, after, "reinstated", act,
        difference={"stays": listed(numbers), "fee_reversed_minor": reversed_minor,
                    "balance_minor": after.balance_minor},
        notices=_letters_again(after), oversell=oversell,
    )  # fmt: skip


def _of(key: str, numbers: Sequence[int]) -> bool:
    return any(key.endswith(f"-{number}") and not key.startswith("change_request") for number in numbers)


def _status_again(booking: Booking, stays: Sequence[Stay]) -> Status:
    """What the stays become: what the live rooms are, else what they were before; all share it."""
    live = booking.live(*BEFORE_ARRIVAL, Status.CHECKED_IN)
    if live:
        return live[0].status if live[0].status.holds else Status.CONFIRMED
    was = {stay.ended_from for stay in stays}
    for status in (Status.HELD, Status.PENDING):
        if was == {status}:
            return status
    return Status.CONFIRMED


def _letters_again(booking: Booking) -> tuple[NoticeWish, ...]:
    if booking.status is Status.PENDING:
        until = booking.approval_deadline
        return (
            NoticeWish("pending", "guest", useful_until=until),
            NoticeWish("new_request", "staff", useful_until=until),
        )
    if booking.status is Status.HELD and booking.held_for == "payment":
        return (payment_asked(booking),)
    if booking.status is Status.HELD:
        return (NoticeWish("held", "guest", useful_until=booking.hold_expires_at),)
    return (confirmation(booking),)


def clock_moved(booking: Booking, act: Act, entry: Entry, at: datetime | None) -> Step:
    """A person moves a clock, or puts it back; what hangs on it is placed anew and what has rung never rings again."""
    earlier = booking.moved(entry.key)
    by_desk = act.actor.role == "frontdesk"
    moves = (earlier.moves if earlier else 0) + (1 if by_desk else 0)
    others = tuple(move for move in booking.moves if move.key != entry.key)
    if at is not None:
        made = ClockMove(entry.key, at, act.actor.kind, act.actor.role, booking.seq + 1, act.now, moves)
        others = (*others, made)
    after = replace(booking, moves=others, version=booking.version + 1)
    if entry.key == "approval_deadline":
        after = _skip_past(after, act.now, lambda key: key.startswith("approval_alert"))
    goal = at or entry.default_at or entry.at
    return make_step(
        booking, after, "clock_moved" if at else "clock_put_back", act,
        difference={"clock": entry.key, "before": entry.at.isoformat(), "at": goal.isoformat(),
                    "default_at": (entry.default_at or entry.at).isoformat()},
    )  # fmt: skip


def change_asked(booking: Booking, act: Act, news: ChangeNews) -> Step:
    """The guest asks for what only the hotel may grant; it takes no room, and waits with a clock of its own."""
    until = act.now + timedelta(minutes=booking.terms.guest.request_minutes)
    least = act.now + timedelta(minutes=booking.terms.approval.least_minutes)
    until = min(max(min(until, first_check_in(booking)), least), no_show_at(booking.terms, booking.departure))
    number = booking.change_requests + 1
    after = replace(
        booking,
        change_request=ChangeAsked(number, act.now, until),
        change_requests=number,
        version=booking.version + 1,
    )
    told = NoticeWish("change_request", "staff", useful_until=until, data={"change": number})
    return make_step(
        booking, after, "change_asked", act,
        difference={"number": number, "total_before_minor": news.before_minor, "total_minor": news.after_minor},
        change=replace(news, number=number), notices=(told,),
    )  # fmt: skip


def change_answered(booking: Booking, act: Act, verdict: str) -> Step:
    """The hotel says no to a change, or the guest takes the wish back; the booking stays as it is."""
    number = booking.change_request.number if booking.change_request else 0
    after = replace(booking, change_request=None, version=booking.version + 1)
    answer = NoticeWish("change_answered", "guest", data={"verdict": verdict, "change": number})
    told = (answer,) if verdict == "declined" else ()
    return make_step(
        booking, after, f"change_{verdict}", act, difference={"number": number},
        change=ChangeNews(number, verdict), notices=told,
    )  # fmt: skip


def change_accepted(booking: Booking, act: Act, plans: Sequence[StayPlan], drop_rooms: tuple[int, ...] = ()) -> Step:
    """The hotel grants a change: it is made at the price that was told when it was asked for."""
    number = booking.change_request.number if booking.change_request else 0
    open_wish = replace(booking, change_request=None)
    step = amended(open_wish, act, plans, Terms("change_accepted", drop_rooms=drop_rooms))
    return replace(step, change=ChangeNews(number, "accepted"), difference={"number": number, **step.difference})


def zone_corrected(booking: Booking, act: Act, zone: str, version: int) -> Step:
    """The hotel's zone was wrong: clocks of dates are resolved again, those of the booking's own life stay."""
    again = {entry.key for entry in agenda(booking) if entry.anchor == "date"}
    dropped = [move.key for move in booking.moves if move.key in again]
    after = replace(
        booking,
        terms=replace(booking.terms, zone=zone, version=version),
        moves=tuple(move for move in booking.moves if move.key not in again),
        version=booking.version + 1,
    )
    after = _skip_past(after, act.now, lambda key: key in again)
    return make_step(
        booking, _within_bounds(after, act.now), "zone_corrected", act,
        difference={"zone_before": booking.terms.zone, "zone": zone, "dropped_clocks": ", ".join(dropped)},
    )  # fmt: skip

"""How a command is judged: against the booking as it is, in the order in which every answer is given.

The order: same key, fact already true, stale version, not allowed. What passes is the step that the command makes.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain import acts, changing, charging, paying
    from domain.booking import Booking, Stay
    from domain.checks import (
        check_arrival_day,
        check_balance,
        check_change_number,
        check_checklist,
        check_clock,
        check_no_show,
        check_payment,
        check_reason,
        check_reinstate,
        clock_of,
    )
    from domain.fees import cancellation_fee
    from domain.lifecycle import (
        Action,
        allowed_actions,
        already_true,
        check_allowed,
        check_managers_word,
        check_version,
    )
    from domain.payments import How
    from domain.refusals import Refused, conflict, forbidden, rule
    from domain.steps import Act, ChangeNews, Step
    from messages.bookings import (
        Amend,
        AnswerChange,
        Approve,
        AskChange,
        AssignRoom,
        Cancel,
        CheckIn,
        CheckOut,
        Command,
        Confirm,
        Decline,
        GiveRefund,
        GiveUp,
        MarkNoShow,
        MoveClock,
        PostCharge,
        Reinstate,
        StartPayment,
        TakePayment,
        WaiveFee,
    )

ACTIONS: dict[type[Command], Action] = {
    Approve: Action.APPROVE,
    Decline: Action.DECLINE,
    Confirm: Action.CONFIRM,
    Cancel: Action.CANCEL,
    Amend: Action.AMEND,
    AssignRoom: Action.ASSIGN_ROOM,
    CheckIn: Action.CHECK_IN,
    TakePayment: Action.PAYMENTS,
    StartPayment: Action.PAYMENT,
    GiveRefund: Action.REFUNDS,
    PostCharge: Action.CHARGES,
    CheckOut: Action.CHECK_OUT,
    MarkNoShow: Action.NO_SHOW,
    Reinstate: Action.REINSTATE,
    WaiveFee: Action.WAIVE_FEE,
    GiveUp: Action.FAIL,
    MoveClock: Action.CLOCKS,
    AskChange: Action.ASK_CHANGE,
    AnswerChange: Action.ANSWER_CHANGE,
}


def action_of(command: Command) -> Action:
    """The action that a command asks for."""
    if isinstance(command, Amend) and command.what == "extended":
        return Action.EXTEND
    return ACTIONS[type(command)]


def judge(booking: Booking, command: Command, now: datetime) -> Step | None:
    """The step that the command makes; None when its key or its fact is known already; Refused when it can't be."""
    asked, action = command.asked, action_of(command)
    if asked.key in booking.keys or already_true(booking, action, asked.stays) or _is_known(booking, command):
        return None
    check_version(booking, asked.version)
    stays = check_allowed(booking, action, asked.stays, asked.actor.kind)
    act = Act(now, asked.actor, asked.channel, asked.reason)
    match command:
        case AnswerChange() | AskChange():
            return _wish(booking, command, act)
        case Amend() | MoveClock() | Reinstate() | WaiveFee():
            return _change(booking, command, act, stays)
        case AssignRoom(room_id=room_id, room_number=number, room_type_id=type_id):
            return acts.room_assigned(booking, act, _one(stays), (room_id, number, type_id))
        case GiveRefund(payment=payment, amount_minor=amount, currency=currency):
            check_reason(act.reason, "Giving money back")
            return paying.refund_asked(booking, act, payment, amount, currency)
        case TakePayment(amount_minor=amount, currency=currency):
            check_payment(booking, amount, currency)
            return acts.payment_taken(booking, act, command.method, amount, command.external_reference, command.folio)
        case PostCharge(charge=charge, currency=currency):
            return charging.charged(booking, act, charge, currency)
        case _:
            return _move(booking, command, act, stays)


def wish_to_pay(booking: Booking, command: StartPayment, now: datetime) -> paying.Wish:
    """What comes of asking to pay. A key that was carried out is asked anew: what it began may have ended since.

    Errors: 409 hold_ended, nothing_to_pay.
    """
    asked = command.asked
    try:
        return paying.payment_wished(booking, Act(now, asked.actor, asked.channel), How(command.how))
    except Refused:
        if asked.key in booking.keys:
            return paying.Wish()
        raise


def _is_known(booking: Booking, command: Command) -> bool:
    """Facts that only the command's own words tell: the room it has, the place where a clock is."""
    match command:
        case AssignRoom(room_id=room_id, asked=asked) if len(asked.stays) == 1:
            stay = booking.stay(asked.stays[0])
            return stay is not None and stay.room_id == room_id
        case MoveClock(key=key, at=at) if at is not None and not booking.status.ended:
            move = booking.moved(key)
            return move is not None and move.at == at
        case _:
            return False


def _one(stays: tuple[Stay, ...]) -> Stay:
    if len(stays) != 1:
        raise rule("one_stay_at_a_time", "Name the one stay that gets the room.", "stays")
    return stays[0]


def _move(booking: Booking, command: Command, act: Act, stays: tuple[Stay, ...]) -> Step:
    """From one status to another."""
    numbers = [stay.number for stay in stays]
    match command:
        case Approve(done=done):
            check_checklist(booking, done)
            return acts.approved(booking, act)
        case Decline():
            return acts.declined(booking, act)
        case Confirm():
            if booking.held_for == "payment":
                check_reason(act.reason, "Confirming without the payment")
            return acts.confirmed(booking, act)
        case Cancel():
            return _cancel(booking, command, act, stays)
        case CheckIn():
            for stay in stays:
                check_arrival_day(booking, stay, act.now)
            return acts.checked_in(booking, act, stays)
        case CheckOut():
            step = acts.checked_out(booking, act, stays)
            check_balance(step.after, stays, act.reason)
            return step
        case MarkNoShow():
            for stay in stays:
                check_no_show(booking, stay, act.now)
            return acts.no_show(booking, act, numbers)
        case GiveUp():
            check_reason(act.reason, "Giving a booking up")
            return acts.failed(booking, act)
        case _:
            raise TypeError(f"Nothing is known of {type(command).__name__}.")


def _cancel(booking: Booking, command: Cancel, act: Act, stays: tuple[Stay, ...]) -> Step:
    """Errors: 409 fee_changed; 422 reason_needed; 403 role_missing."""
    if command.waive_fee:
        check_managers_word(act.actor, "Waiving a fee")
        check_reason(act.reason, "Waiving a fee")
    told = command.expected_fee_minor
    if told is not None:
        fee = 0 if command.waive_fee else sum(cancellation_fee(booking, s, act.now).amount_minor for s in stays)
        if fee != told:
            raise conflict(
                "fee_changed",
                "Cancelling costs another amount than the one that was told.",
                "expected_fee",
                fee_minor=fee,
                currency=booking.terms.currency,
            )
    if command.refund_minor is not None and act.actor.kind == "guest":
        raise forbidden("role_missing", "What goes back to a guest is decided by the terms, or by the desk.")
    back = acts.GiveBack(command.refund_minor, command.refund_payment)
    return acts.cancelled(booking, act, [stay.number for stay in stays], waive=command.waive_fee, back=back)


def _wish(booking: Booking, command: AskChange | AnswerChange, act: Act) -> Step:
    """What the guest wishes and only the hotel may grant."""
    if isinstance(command, AskChange):
        prices = (command.before_minor, command.after_minor)
        return changing.change_asked(
            booking, act, ChangeNews(0, "open", command.wish, command.text, command.plans, *prices)
        )
    check_change_number(booking, command.number)
    if command.verdict == "accepted":
        for plan in command.plans:
            if booking.stay(plan.number):
                check_allowed(booking, Action.AMEND, [plan.number])
        return changing.change_accepted(booking, act, command.plans)
    return changing.change_answered(booking, act, command.verdict)


def _change(booking: Booking, command: Command, act: Act, stays: tuple[Stay, ...]) -> Step:
    """Changes of what was agreed, by the desk or the guest."""
    match command:
        case Amend(plans=plans, total_minor=total_minor, oversell=oversell):
            for plan in plans:
                if booking.stay(plan.number):
                    check_allowed(booking, Action.AMEND, [plan.number], act.actor.kind)
            if oversell:
                check_managers_word(act.actor, "Overselling")
            if act.actor.kind == "guest" and Action.AMEND not in allowed_actions(booking, "guest"):
                raise rule("ask_the_hotel", "Only the hotel can make this change; ask for it.")
            step = changing.amended(booking, act, plans, _how(command))
            if total_minor is not None and step.after.total_minor != total_minor:
                raise conflict("quote_stale", "The booking has another price by now; look at the change again.")
            return step
        case Reinstate(oversell=oversell):
            check_reinstate(booking, stays, act.reason, act.now)
            if oversell:
                check_managers_word(act.actor, "Overselling")
            return changing.reinstated(booking, act, stays, oversell=oversell)
        case MoveClock(key=key, at=at):
            if at is None and booking.moved(key) is None:
                clock_of(booking, key)
                raise conflict("clock_not_moved", "The clock is where the terms put it.", "key")
            entry = check_clock(booking, key, at, act.actor, act.reason, act.now)
            return changing.clock_moved(booking, act, entry, at)
        case WaiveFee(asked=asked):
            check_managers_word(act.actor, "Waiving a fee")
            check_reason(act.reason, "Waiving a fee")
            return acts.fee_waived(booking, act, asked.stays)
        case _:
            raise TypeError(f"Nothing is known of {type(command).__name__}.")


def without_rooms(booking: Booking, command: Command, now: datetime, rooms: Sequence[str]) -> Step | None:
    """A change made without these room numbers, which are taken on the new nights; None where that does not help.

    Errors: Refused, where the guest is in the room or was promised it.
    """
    if not isinstance(command, Amend | AnswerChange) or not command.plans:
        return None
    planned = {plan.number for plan in command.plans}
    dropped = tuple(stay.number for stay in booking.stays if stay.room_number in rooms and stay.number in planned)
    if not dropped:
        return None
    act = Act(now, command.asked.actor, command.asked.channel, command.asked.reason)
    if isinstance(command, Amend):
        return changing.amended(booking, act, command.plans, replace(_how(command), drop_rooms=dropped))
    return changing.change_accepted(booking, act, command.plans, dropped)


def _how(command: Amend) -> changing.Terms:
    return changing.Terms(command.what, command.fee_minor, command.oversell)

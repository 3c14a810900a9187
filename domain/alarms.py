"""What the agenda does by itself when a clock rings, each as one pure step. Rules: docs/rules/agenda.md."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from domain.acts import approved, no_show
from domain.agenda import Entry
from domain.booking import Booking, Status
from domain.changes import PricedLine
from domain.lapsing import answer_is_open
from domain.money_alarms import KEYS, money_rang
from domain.repricing import room_prices, sum_of, taxes_on
from domain.steps import Act, AddedLine, ChangeNews, NoticeWish, Step, listed, make_step, with_all, with_stays
from domain.taxes import TaxTable
from domain.terms import check_in_from, collects

_A_DAY = timedelta(days=1)
_OVERSTAY = "OVERSTAY"


def clock_rang(booking: Booking, entries: Sequence[Entry], act: Act) -> Step:
    """What is done when clocks are due. Entries due together are one step; what ends a chapter comes first."""
    first = entries[0]
    if first.key.partition("-")[0] in KEYS or (first.key == "hold_expires" and booking.held_for == "payment"):
        return money_rang(booking, first.key, act)
    match first.key.partition("-")[0]:
        case "approval_deadline":
            return _unanswered(booking, act)
        case "hold_expires":
            return _option_ended(booking, act)
        case "close":
            return completed(booking, act)
        case "change_request":
            return change_lapsed(booking, act)
        case "overstay_night":
            return overstay_night(booking, act, first.stay or 0)
    missing = [entry.stay for entry in entries if entry.key.startswith("no_show") and entry.stay]
    if missing:
        return no_show(booking, act, missing)
    told = [entry for entry in entries if entry.key.partition("-")[0] in _TOLD]
    return _tell(booking, told, act)


_TOLD = ("approval_alert_desk", "approval_alert_manager", "pre_arrival", "overstay", "feedback")


def _tell(booking: Booking, entries: Sequence[Entry], act: Act) -> Step:
    """Letters and alerts; each is told once, and what it says is looked at again when it is sent."""
    fired = replace(booking, fired=(*booking.fired, *(entry.key for entry in entries)))
    letters = []
    for entry in entries:
        match entry.key.partition("-")[0]:
            case "pre_arrival":
                stay = booking.stay(entry.stay or 0)
                until = check_in_from(booking.terms, stay.arrival if stay else booking.arrival)
                letters.append(NoticeWish("pre_arrival", "guest", entry.stay, until))
            case "approval_alert_desk":
                letters.append(answer_is_open("desk"))
            case "approval_alert_manager":
                letters.append(answer_is_open("manager"))
            case "feedback":
                letters.append(NoticeWish("feedback", "guest", useful_until=act.now + timedelta(days=30)))
            case _:
                letters.append(NoticeWish("overstay", "staff", entry.stay))
    late = [entry.stay or 0 for entry in entries if entry.key.startswith("overstay-")]
    if late:
        told = f"Past the check-out time without a check-out: stay {listed(late)}."
        fired = replace(fired, attention=told)
    alerts = any(entry.key.startswith("approval_alert") for entry in entries)
    what = "overstay" if late else "deadline_near" if alerts else "reminded"
    return make_step(
        booking, fired, what, act, difference={"clocks": ", ".join(entry.key for entry in entries)},
        notices=tuple(letters),
    )  # fmt: skip


def _unanswered(booking: Booking, act: Act) -> Step:
    """The hotel's answer did not come: its rule says whether that is a yes or the end."""
    if booking.terms.approval.at_end != "approve":
        return expired(booking, act)
    points = [point.item for point in booking.terms.approval.checklist]
    attention = f"Confirmed without an answer; open: {', '.join(points)}." if points else "Confirmed without an answer."
    return approved(booking, act, "approved_by_rule", attention)


def expired(booking: Booking, act: Act) -> Step:
    """Nobody said yes or no in time: the room is free again."""
    after = replace(with_all(booking, Status.EXPIRED), approval_deadline=None)
    return make_step(booking, after, "expired", act, notices=(NoticeWish("expired", "guest"),))


def _option_ended(booking: Booking, act: Act) -> Step:
    """Nobody made the option firm in time: the room is free again."""
    after = replace(with_all(booking, Status.EXPIRED), hold_expires_at=None)
    return make_step(booking, after, "option_ended", act, notices=(NoticeWish("expired", "guest"),))


def change_lapsed(booking: Booking, act: Act) -> Step:
    """The hotel did not answer a change in time: the booking stays as it is, and the guest is told."""
    asked = booking.change_request
    number = asked.number if asked else 0
    after = replace(booking, change_request=None, version=booking.version + 1)
    return make_step(
        booking, after, "change_lapsed", act, difference={"number": number},
        change=ChangeNews(asked.number, "lapsed") if asked else None,
        notices=(NoticeWish("change_answered", "guest", data={"verdict": "lapsed", "change": number}),),
    )  # fmt: skip


def overstay_night(booking: Booking, act: Act, number: int) -> Step:
    """A guest who has not left by the night audit stays for another night at the last night's price.

    Its taxes are told apart where the hotel's rules are at hand: `with_taxes`.
    """
    stay = booking.stay(number)
    if stay is None:
        raise ValueError(f"There is no stay {number}.")
    price = stay.night_minor[-1] if stay.night_minor else stay.total_minor // max(1, len(stay.nights()))
    longer = replace(
        stay, departure=stay.departure + _A_DAY, overstayed=stay.overstayed + 1,
        total_minor=stay.total_minor + price,
        night_minor=(*stay.night_minor, price) if stay.night_minor else (),
        person_tax_minor=(*stay.person_tax_minor, 0) if stay.person_tax_minor else (),
    )  # fmt: skip
    after = with_stays(booking, (number,), lambda _: longer)
    again = (f"overstay-{number}", f"overstay_night-{number}")
    fired = tuple(key for key in booking.fired if key not in again)
    moves = tuple(move for move in booking.moves if move.key not in again)
    told = f"Stay {number} went on for a night nobody had booked; the guest has not checked out."
    after = replace(after, status=booking.status, fired=fired, moves=moves, attention=told)
    line = PricedLine("room", stay.departure, _OVERSTAY, "Night after the booked departure", price)
    return make_step(
        booking, after, "overstay_night", act,
        difference={"stay": number, "night": stay.departure.isoformat(), "amount_minor": price},
        added=(AddedLine(number, line),), oversell=True, notices=(NoticeWish("overstay", "staff", number),),
    )  # fmt: skip


def with_taxes(step: Step, lines: Sequence[PricedLine], taxes: TaxTable) -> Step:
    """The step that adds a night, at the room's price of the last booked night and with the taxes due on the added one.

    lines: of the stay before it; taxes: for its guests. Lines that do not come to what is owed for that last night give
    way to it: the step is left as it is.
    """
    added = step.added[0]
    stay, night = step.after.stay(added.stay), added.line.night
    prices = room_prices([line for line in lines if line.code != _OVERSTAY])
    if stay is None or not prices:
        return step
    last = max(prices)
    if dict(zip(stay.nights(), stay.night_minor, strict=False)).get(last) != sum_of(lines, [last]):
        return step
    fresh = [replace(added.line, amount_minor=prices[last]), *taxes_on(lines, {night: prices[last]}, taxes)]
    price = sum_of(fresh, [night])
    heads = (
        *(stay.person_tax_minor or (0,) * len(stay.night_minor))[:-1],
        sum(line.amount_minor for line in fresh if line.per_person),
    )
    priced = replace(
        stay, total_minor=stay.total_minor - stay.night_minor[-1] + price,
        night_minor=(*stay.night_minor[:-1], price), person_tax_minor=heads if any(heads) else (),
    )  # fmt: skip
    stays = tuple(priced if one.number == stay.number else one for one in step.after.stays)
    return replace(
        step, after=replace(step.after, stays=stays), difference={**step.difference, "amount_minor": price},
        added=tuple(AddedLine(stay.number, line) for line in fresh),
    )  # fmt: skip


def in_a_taken_room(step: Step, room: str) -> Step:
    """A night that is added in a room which is given to the next guest already: a clock moves nobody, people must."""
    told = f"{step.after.attention} Room {room} is given to another guest for that night."
    return replace(step, after=replace(step.after, attention=told.strip()), rooms=())


def completed(booking: Booking, act: Act) -> Step:
    """The books are closed. A balance left open stays visible for a person to look at."""
    after = replace(booking, status=Status.COMPLETED, close_at=None, feedback_at=None, version=booking.version + 1)
    if collects(booking.terms) and after.balance_minor != 0:
        after = replace(after, attention="The books were closed with an open balance.")
    return make_step(booking, after, "completed", act, difference={"balance_minor": booking.balance_minor})

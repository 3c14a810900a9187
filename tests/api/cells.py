"""What every action comes to, in every status, for every role.

Each cell is asked, not told: a booking that came to its status by real steps, a fitting command at a fitting moment,
the roles of the desk's routes, and the story's own judging.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi.routing import APIRoute

from api.app import create_app
from api.permissions import ROLES
from config.settings import Settings
from domain import acts, alarms, changing
from domain.booking import SYSTEM, Actor, Booking, Status
from domain.folio import Charge
from domain.lifecycle import Action
from domain.refusals import Refused
from domain.steps import ChangeNews
from messages import bookings as ask
from tests.domain.made import (
    ADMIN,
    AUTO,
    DESK,
    GUEST,
    MANAGER,
    act,
    booking,
    march,
    option,
    pending,
    plan,
    with_rooms,
)
from tests.domain.payers import held
from workflows.judging import judge, wish_to_pay

PEOPLE = {"Guest": GUEST, "Front desk": DESK, "Manager": MANAGER, "Administrator": ADMIN}
ADDRESS = re.compile(r"/api/v1(?P<desk>/desk)?/bookings/\{reference\}/(?P<word>[a-z-]+)(?P<more>/.*)?")
WHY = "The owner says so."
WISH = ChangeNews(0, "open", "{}", "A night more, please.")


# The bookings: one room in Kochi, 10 to 13 March 2027, 100.00 a night.


def firm() -> Booking:
    """Confirmed at a hotel that confirms by itself; room 101 is given."""
    return with_rooms(acts.opened(booking(nights=3, terms=AUTO), act(actor=GUEST)).after)


def arrived(made: Booking) -> Booking:
    """The guest has the key since 14:00."""
    return acts.checked_in(made, act(march(10, 14)), made.stays).after


def left(made: Booking, at: datetime) -> Booking:
    """The guest has gone, before the booked day."""
    return acts.checked_out(made, act(at, reason="The company pays."), made.stays).after


def wished(made: Booking, at: datetime) -> Booking:
    """The guest has asked for a change."""
    return changing.change_asked(made, act(at, GUEST), WISH).after


def given_up(made: Booking, at: datetime, actor: Actor = GUEST) -> Booking:
    """Every room is cancelled."""
    return acts.cancelled(made, act(at, actor), [stay.number for stay in made.stays]).after


def closed(made: Booking) -> Booking:
    """The books are closed."""
    return alarms.completed(made, act(march(11, 10), SYSTEM)).after


OPENED: dict[Status, tuple[Booking, datetime]] = {
    Status.HELD: (option(march(3, 12), nights=3), march(2, 9)),
    Status.PENDING: (pending(nights=3), march(1, 13)),
    Status.CONFIRMED: (firm(), march(2, 9)),
    Status.CHECKED_IN: (arrived(firm()), march(11, 9)),
    Status.CHECKED_OUT: (left(arrived(firm()), march(11, 9)), march(11, 9, 30)),
    Status.COMPLETED: (closed(left(arrived(firm()), march(11, 9))), march(11, 12)),
    Status.CANCELLED: (given_up(firm(), march(10, 9)), march(10, 10)),
    Status.NO_SHOW: (acts.no_show(firm(), act(march(11, 3), SYSTEM), [1]).after, march(11, 9)),
    Status.REJECTED: (acts.declined(pending(nights=3), act(march(2, 9))).after, march(2, 10)),
    Status.EXPIRED: (alarms.expired(pending(nights=3), act(march(2, 11, 30), SYSTEM)).after, march(2, 12)),
    Status.FAILED: (acts.failed(firm(), act(march(2, 9), ADMIN, WHY)).after, march(2, 10)),
}
# Where an action needs a later hour, or something that is open.
FITTING: dict[tuple[Action, Status], tuple[Booking, datetime]] = {
    (Action.CHECK_IN, Status.CONFIRMED): (firm(), march(10, 15)),
    (Action.NO_SHOW, Status.CONFIRMED): (firm(), march(10, 15)),
    (Action.PAYMENT, Status.HELD): (held(), march(1, 11, 45)),
    (Action.REFUNDS, Status.CONFIRMED): (
        acts.payment_taken(firm(), act(march(2, 8)), "cash", 500, "").after, march(2, 9),
    ),
    (Action.ANSWER_CHANGE, Status.PENDING): (wished(pending(nights=3), march(1, 12)), march(1, 13)),
    (Action.ANSWER_CHANGE, Status.CONFIRMED): (wished(firm(), march(2, 8)), march(2, 9)),
    (Action.ANSWER_CHANGE, Status.CHECKED_IN): (arrived(wished(firm(), march(10, 13, 45))), march(10, 14, 5)),
    (Action.ANSWER_CHANGE, Status.CHECKED_OUT): (
        left(arrived(wished(firm(), march(10, 13, 45))), march(10, 14, 10)), march(10, 14, 12),
    ),
}  # fmt: skip
CLOCKS = {
    Status.HELD: "hold_expires", Status.PENDING: "approval_deadline", Status.CONFIRMED: "no_show-1",
    Status.CHECKED_IN: "overstay-1",
}  # fmt: skip


# The commands.


def _amend(asked: ask.Asked, made: Booking, what: str = "amended") -> ask.Command:
    stay = made.stays[0]
    return ask.Amend(asked, (plan(stay, departure=stay.departure + timedelta(days=1)),), what)


def _move(asked: ask.Asked, made: Booking) -> ask.Command:
    key = CLOCKS.get(made.status, "close")
    places = {"no_show-1": march(11, 9), "overstay-1": march(13, 15), "close": march(11, 20)}
    return ask.MoveClock(asked, key, places.get(key, march(4, 12)))


def _answer(asked: ask.Asked, _: Booking) -> ask.Command:
    return ask.AnswerChange(asked, 1, "withdrawn" if asked.actor.kind == "guest" else "declined")


COMMANDS: dict[Action, Callable[[ask.Asked, Booking], ask.Command]] = {
    Action.APPROVE: lambda asked, _: ask.Approve(asked),
    Action.DECLINE: lambda asked, _: ask.Decline(asked),
    Action.CONFIRM: lambda asked, _: ask.Confirm(asked),
    Action.CANCEL: lambda asked, _: ask.Cancel(asked),
    Action.AMEND: _amend,
    Action.EXTEND: lambda asked, made: _amend(asked, made, "extended"),
    Action.ASSIGN_ROOM: lambda asked, _: ask.AssignRoom(asked, 2, "102", 1),
    Action.CHECK_IN: lambda asked, _: ask.CheckIn(asked),
    Action.CHECK_OUT: lambda asked, _: ask.CheckOut(asked),
    Action.NO_SHOW: lambda asked, _: ask.MarkNoShow(asked),
    Action.REINSTATE: lambda asked, _: ask.Reinstate(asked),
    Action.PAYMENTS: lambda asked, _: ask.TakePayment(asked, "cash", 100, "INR"),
    Action.PAYMENT: lambda asked, _: ask.StartPayment(asked, "hosted_page"),
    Action.REFUNDS: lambda asked, _: ask.GiveRefund(asked, 100, "INR"),
    Action.CHARGES: lambda asked, _: ask.PostCharge(asked, Charge("TEA", "Tea", 4_00), "INR"),
    Action.WAIVE_FEE: lambda asked, _: ask.WaiveFee(asked),
    Action.CLOCKS: _move,
    Action.ASK_CHANGE: lambda asked, _: ask.AskChange(asked, "{}", "A night more, please."),
    Action.ANSWER_CHANGE: _answer,
    Action.FAIL: lambda asked, _: ask.GiveUp(asked),
}


def asked_by(actor: Actor, reason: str = WHY, stays: tuple[int, ...] = ()) -> ask.Asked:
    """What every command carries; the version that was seen is left out."""
    channel = "web" if actor.kind == "guest" else "desk"
    return ask.Asked("key-of-this", "", actor, channel, None, reason, stays)


def doors() -> dict[tuple[bool, Action], str]:
    """The route's name by (at the desk, action), read from the API's own addresses."""
    settings = Settings(app_database_url="postgresql+psycopg://nobody@localhost/nothing")
    found: dict[tuple[bool, Action], str] = {}
    for route in create_app(settings).routes:
        if not isinstance(route, APIRoute) or "POST" not in (route.methods or ()):
            continue
        address = ADDRESS.fullmatch(route.path)
        if not address:
            continue
        word = address["word"]
        if word == Action.ASK_CHANGE.value and address["more"]:
            word = Action.ANSWER_CHANGE.value
        if word in set(Action):
            # What is taken back by its line has the word of what was posted, and comes after it.
            found.setdefault((bool(address["desk"]), Action(word)), route.name)
    return found


def answer(made: Booking, command: ask.Command, now: datetime) -> str:
    """What it comes to: `→ status`, the event where the status stays, `already`, or the refusal's code."""
    try:
        step = (
            wish_to_pay(made, command, now).step if isinstance(command, ask.StartPayment) else judge(made, command, now)
        )
    except Refused as refused:
        return refused.code
    if step is None:
        return "already"
    if step.after.status is made.status:
        return step.what.replace("_", " ")
    return f"→ {step.after.status.value}"


def cell(routes: dict[tuple[bool, Action], str], actor: Actor, action: Action, status: Status) -> str:
    """One cell: the door first, then the role, then the booking."""
    at_desk = actor.kind == "staff"
    operation = routes.get((at_desk, action))
    if operation is None:
        return "no door"
    if at_desk and actor.role not in ROLES[operation]:
        return "role_missing"
    made, now = FITTING.get((action, status), OPENED[status])
    return answer(made, COMMANDS[action](asked_by(actor), made), now)


def table(routes: dict[tuple[bool, Action], str], actor: Actor) -> Iterator[str]:
    """The lines of one role's table."""
    yield f"| action | {' | '.join(status.value for status in Status)} |"
    yield "|---" * (len(Status) + 1) + "|"
    for action in Action:
        cells = (cell(routes, actor, action, status) for status in Status)
        yield f"| `{action.value}` | {' | '.join(cells)} |"


@dataclass(frozen=True)
class Other:
    """A booking that differs from the tables' one: who asks what of it, and when."""

    told: str
    who: str
    made: Booking
    action: Action
    command: ask.Command
    now: datetime


HEAD = """# Every action in every status

Written by `python -m tests.api.test_cells > docs/cells.md`; that test asks every cell anew and compares.

A cell tells what an action comes to. `→ confirmed`: done, the booking's status becomes that. Words without an arrow:
done, the status stays. `already`: it was true before; 200, nothing is written. `no door`: this role has no such
address. Everything else is the code of the refusal; `role_missing` comes before the booking is looked at.

The booking is one room in Kochi from 10 to 13 March 2027 at 100.00 a night, with a room given; requests are those of a
hotel that answers in person, the others those of one that confirms by itself. Who is cancelled or a no-show owes the
first night, who has left went on 11 March. `payment` is asked of a room that is held for its deposit where it is held,
`refunds` where 5.00 were taken in cash. `answer-change` is asked where the guest's wish is open: the desk
declines it, the guest takes it back. Commands carry a reason. What else an action needs:
[lifecycle](rules/lifecycle.md).
"""


def render(others: Iterable[Other]) -> str:
    """The whole page; `others` are the cells beside the tables."""
    routes = doors()
    lines = [HEAD]
    for who, actor in PEOPLE.items():
        lines += [f"## {who}", "", *table(routes, actor), ""]
    lines += ["## Beside the tables", "", "| action | status | who | where it differs | comes to |", "|---" * 5 + "|"]
    for other in others:
        came = answer(other.made, other.command, other.now)
        status = other.made.status.value
        lines.append(f"| `{other.action.value}` | {status} | {other.who} | {other.told} | {came} |")
    return "\n".join(lines) + "\n"

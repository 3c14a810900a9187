"""What crosses the Temporal boundary, and the limits of every call across it.

Open bookings wait with these names and shapes in their histories, so a change of the lists below is a change to them.
"""

import ast
import dataclasses
import importlib
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from domain.booking import Booking
from messages import bookings, night, notices
from tests.house.tree import Source, dotted, faults, holds, python, sample

STORIES = """
BookingWorkflow: BookingStart -> BookingEnd
    query money: -> MoneyTold
    signal correct_zone: Rezone
    signal money_news: MoneyHint
    signal renew
    update amend: Amend -> Answer
    update answer_change: AnswerChange -> Answer
    update approve: Approve -> Answer
    update ask_change: AskChange -> Answer
    update assign_room: AssignRoom -> Answer
    update cancel: Cancel -> Answer
    update check_in: CheckIn -> Answer
    update check_out: CheckOut -> Answer
    update confirm: Confirm -> Answer
    update decline: Decline -> Answer
    update give_refund: GiveRefund -> Answer
    update give_up: GiveUp -> Answer
    update mark_no_show: MarkNoShow -> Answer
    update move_clock: MoveClock -> Answer
    update opened: -> Opened
    update post_charge: PostCharge -> Answer
    update reinstate: Reinstate -> Answer
    update start_payment: StartPayment -> Answer
    update take_payment: TakePayment -> Answer
    update waive_fee: WaiveFee -> Answer
ConnectWorkflow: AccountWish -> AccountTold
DisputeWorkflow: LookAtDispute -> DisputeTold
HotelNight: NightStart -> NightEnd
    signal renew
    signal run_now: RunNow
NoticesWorkflow: NoticesStart -> NoticesEnd
    signal ring: Ring
"""
ACTIVITIES = """
begin_reconciliation: BeginRun -> Run | None
carry_out: ProviderOrder -> Seen
claim_notices: ClaimNotices -> ClaimedNotices
compare_ledgers: ComparePage -> PageCompared
end_reconciliation: FinishRun -> RunDone
hold_notices: NoticeBatch -> None
load_booking: Resume -> Booking | None
look_at_account: AccountWish -> AccountTold
look_at_dispute: LookAtDispute -> DisputeTold
look_up_notices: NoticeBatch -> BatchReport
make_account_page: AccountWish -> AccountTold
open_account: AccountWish -> AccountTold
open_booking: OpenBooking -> OpeningDone
plan_night: NightAsk -> NightPlan
post_nights: PostNights -> NightsPosted
read_ledger_page: ReadPage -> PageRead
send_notices: NoticeBatch -> BatchReport
sweep_reconciliation_lines: SweepLines -> LinesSwept
take_step: TakeStep -> StepTaken
"""
# Words of, or about, people: what a guest or the desk may write freely, and how somebody is reached.
PEOPLE = {"email", "external_reference", "guests", "phone", "reason", "special_requests", "text", "wish"}
CALLS = {
    "workflow.execute_activity",
    "workflow.execute_activity_method",
    "workflow.execute_local_activity",
    "workflow.execute_local_activity_method",
    "workflow.start_activity",
    "workflow.start_activity_method",
    "workflow.start_local_activity",
    "workflow.start_local_activity_method",
}


@dataclass(frozen=True)
class Crossing:
    """One call across the boundary: its name, what goes in, what comes out."""

    name: str
    takes: tuple[Any, ...]
    gives: Any

    def __str__(self) -> str:
        told = f"{self.name}: {', '.join(word(kind) for kind in self.takes)}".rstrip()
        return told.rstrip(":") if self.gives is NoneType and "signal" in told else f"{told} -> {word(self.gives)}"


def word(kind: Any) -> str:
    """A type as the lists name it."""
    if get_origin(kind) in {UnionType, typing.Union}:
        return " | ".join(word(one) for one in get_args(kind))
    return "None" if kind is NoneType else getattr(kind, "__name__", str(kind))


def crossing(name: str, function: Callable[..., Any]) -> Crossing:
    """A call's shape, from its annotations."""
    hints = get_type_hints(function)
    gives = hints.pop("return")
    return Crossing(name, tuple(hints.values()), gives)


@cache
def stories() -> dict[str, list[Crossing]]:
    """Every workflow of the tree with its own shape first, then its signals, updates and queries by name."""
    told: dict[str, list[Crossing]] = {}
    for kind in defined("workflows", lambda found: isinstance(found, type) and workflow_name(found)):
        doors = []
        for name in dir(kind):
            function = getattr(kind, name)
            definition = getattr(function, "__temporal_signal_definition", None)
            if definition is not None:
                doors.append(crossing(f"    signal {definition.name}", function))
            if getattr(function, "__temporal_query_definition", None) is not None:
                doors.append(crossing(f"    query {name}", function))
            update = getattr(function, "_defn", None)
            if update is not None:
                doors.append(crossing(f"    update {update.name}", update.fn))
        told[workflow_name(kind)] = [crossing(workflow_name(kind), kind.run), *sorted(doors, key=str)]
    return told


@cache
def activities() -> tuple[Crossing, ...]:
    """Every activity of the tree."""
    found = []
    for kind in defined("activities", lambda one: isinstance(one, type)):
        for function in vars(kind).values():
            definition = getattr(function, "__temporal_activity_definition", None)
            if definition is not None:
                found.append(crossing(definition.name, function))
    return tuple(sorted(found, key=str))


def workflow_name(kind: Any) -> str:
    """The name under which Temporal knows a class; '' for any other class."""
    definition = getattr(kind, "__temporal_workflow_definition", None)
    return definition.name if definition is not None and definition.cls is kind else ""


def defined(package: str, wanted: Callable[[Any], Any]) -> list[Any]:
    """What the modules of a package define themselves."""
    found = []
    for source in python(package):
        name = source.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        module = importlib.import_module(name)
        found += [one for one in vars(module).values() if wanted(one) and one.__module__ == name]
    return found


def test_the_list_of_workflows_is_known() -> None:
    """No workflow, update, signal or query appears, goes or changes its shape unnoticed."""
    told = [str(one) for _, crossings in sorted(stories().items()) for one in crossings]
    assert "\n".join(told) == STORIES.strip()


def test_the_list_of_activities_is_known() -> None:
    """No activity appears, goes or changes its shape unnoticed."""
    assert "\n".join(str(one) for one in activities()) == ACTIVITIES.strip()


def every_crossing() -> list[Crossing]:
    """Workflows, updates, signals, queries and activities."""
    return [*activities(), *(one for crossings in stories().values() for one in crossings)]


def unframed(one: Crossing) -> Iterator[str]:
    """What is wrong with the shape of a call: one frozen dataclass in at most, one out or nothing."""
    if len(one.takes) > 1:
        yield f"{one.name} takes {len(one.takes)} messages"
    for kind in (*one.takes, *parts(one.gives)):
        if not is_frozen(kind) and kind is not NoneType:
            yield f"{one.name}: {word(kind)} is no frozen dataclass"


def parts(kind: Any) -> tuple[Any, ...]:
    """The members of a union, or the type itself."""
    return get_args(kind) if get_origin(kind) in {UnionType, typing.Union} else (kind,)


def is_frozen(kind: Any) -> bool:
    """Whether it is a dataclass that can't be changed."""
    return dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_one_frozen_message_goes_in_and_one_comes_out() -> None:
    """A message can grow a field with a default; a second argument, or a bare value, could not."""
    assert list(unframed(Crossing("pay", (int, str), bookings.Answer))) == [
        "pay takes 2 messages",
        "pay: int is no frozen dataclass",
        "pay: str is no frozen dataclass",
    ]
    assert list(unframed(Crossing("load", (bookings.Resume,), Booking | None))) == []
    assert [fault for one in every_crossing() for fault in unframed(one)] == []


def test_every_message_is_a_frozen_dataclass() -> None:
    """Messages are values: nobody changes one that is on its way."""

    def loose(module: object) -> list[str]:
        own = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__]  # type: ignore[attr-defined]
        return [one.__name__ for one in own if not is_frozen(one)]

    assert loose(dataclasses) != []
    assert loose(bookings) + loose(notices) + loose(night) == []


def people_in(kind: Any, place: str = "") -> Iterator[str]:
    """Where a message carries words about people, however deep."""
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and dataclasses.is_dataclass(one):
            hints = get_type_hints(one)
            for field in dataclasses.fields(one):
                if field.name in PEOPLE:
                    yield f"{place}{one.__name__}.{field.name}"
                else:
                    yield from people_in(hints[field.name], f"{place}{one.__name__}.")
        elif one is not kind:
            yield from people_in(one, place)


def unmarked(kind: Any) -> list[str]:
    """Words about people in a message that would reach Temporal unencrypted."""
    return [] if getattr(kind, "PERSONAL", False) else list(people_in(kind))


def test_words_about_people_travel_encrypted() -> None:
    """A message that carries what somebody wrote, or how somebody is reached, is marked PERSONAL as a whole."""
    assert unmarked(bookings.GuestDetails) == ["GuestDetails.email", "GuestDetails.phone"]
    assert unmarked(bookings.OpeningDone) == []
    crossing_types = {kind for one in every_crossing() for kind in (*one.takes, *parts(one.gives))}
    assert {word(kind): found for kind in crossing_types if (found := unmarked(kind))} == {}


def unlimited(source: Source) -> Iterator[str]:
    """Activity calls without a timeout for each try and a retry policy; local ones need an end as well."""
    tables = {
        target.id: node.value
        for node in source.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Dict)
    }
    for call, name in source.calls():
        if name not in CALLS:
            continue
        given = set()
        for keyword in call.keywords:
            given |= {keyword.arg} if keyword.arg else entry(tables, keyword.value)
        needed = {"start_to_close_timeout", "retry_policy"}
        if "local" in name:
            needed |= {"schedule_to_close_timeout"}
        if missing := sorted(needed - given):
            yield f"{source.path}:{call.lineno}: {name} has no {', '.join(missing)}"


def entry(tables: dict[str, ast.Dict], value: ast.expr) -> set[str]:
    """The keys of a table's row that a call takes its limits from, as in `**CALLS["claim"]`."""
    if not (isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant)):
        return set()
    table = tables.get(dotted(value.value))
    rows = zip(table.keys, table.values, strict=True) if table else []
    for key, row in rows:
        if isinstance(key, ast.Constant) and key.value == value.slice.value and isinstance(row, ast.Dict):
            return {str(one.value) for one in row.keys if isinstance(one, ast.Constant)}
    return set()


def test_every_activity_call_has_its_limits() -> None:
    """A try has an end, and trying again has a policy: from a table or from names at the top of the file."""
    bad = """
CALLS = {"pay": {"start_to_close_timeout": 5}}
workflow.execute_activity(pay, order, **CALLS["pay"])
workflow.execute_local_activity(pay, order, start_to_close_timeout=5, retry_policy=ONCE)
"""
    assert faults(unlimited, [sample(bad)]) == [
        "sample.py:3: workflow.execute_activity has no retry_policy",
        "sample.py:4: workflow.execute_local_activity has no schedule_to_close_timeout",
    ]
    holds(unlimited, python("workflows"))
    assert any(name in CALLS for source in python("workflows") for _, name in source.calls())

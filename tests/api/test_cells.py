"""docs/cells.md tells every action in every status for every role; each of its cells is asked here.

`python -m tests.api.test_cells > docs/cells.md` writes it anew.
"""

import difflib
from pathlib import Path

import pytest

from api.permissions import OPERATIONS, ROLES, within
from api.shapes.problems import all_codes
from domain.booking import GONE, Status
from domain.lifecycle import Action, allowed_actions
from store.staff import StaffRole
from tests.api import cells
from tests.api.cells import ADDRESS, COMMANDS, FITTING, OPENED, PEOPLE, cell, doors, render
from tests.api.cells_beside import others
from tests.domain.made import GUEST
from workflows.judging import ACTIONS

PAGE = Path(__file__).resolve().parents[2] / "docs/cells.md"


def differences(page: str) -> list[str]:
    """The lines in which a page is not what the booking answers."""
    told, asked = page.splitlines(), render(others()).splitlines()
    return list(difflib.unified_diff(told, asked, "docs/cells.md", "asked", lineterm="", n=0))


def test_every_cell_of_the_page_is_what_the_booking_answers() -> None:
    """Four roles, every action, every status, and what one booking a status can't show."""
    assert differences(PAGE.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("| `check-out` | action_not_allowed |", "| `check-out` | → checked_out |"),
        ("| already |", "| → confirmed |"),
        ("| role_missing |", "| fee waived |"),
        ("| no door |", "| clock moved |"),
        ("| clock_not_running |", "| clock moved |"),
    ],
)
def test_one_wrong_cell_is_found(right: str, wrong: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert right in page
    assert len(differences(page.replace(right, wrong, 1))) == 5


def test_a_new_action_or_status_without_its_row_is_found() -> None:
    """A page from before has a line or a column less; a command of the story that the table does not ask is missed."""
    page = PAGE.read_text(encoding="utf-8")
    older = "\n".join(line for line in page.splitlines() if not line.startswith("| `waive-fee`"))
    assert len([line for line in differences(older) if line.startswith("+| `waive-fee`")]) == 5
    fewer = page.replace("| failed |\n", "|\n")
    assert differences(fewer)
    assert COMMANDS.keys() == set(Action)
    assert OPENED.keys() == set(Status)
    assert {*ACTIONS.values(), Action.EXTEND} == set(Action)


def test_every_booking_of_the_table_is_in_the_status_of_its_column() -> None:
    """And came there by steps: an end remembers where it came from."""
    for status, (made, now) in OPENED.items():
        assert made.status is status
        assert made.seq == 1 or made.last_instant <= now
        assert all((stay.ended_from is not None) == (stay.status in GONE) for stay in made.stays)
    for (_, status), (made, now) in FITTING.items():
        assert made.status is status
        assert made.last_instant <= now


def test_every_action_has_a_door_and_every_door_of_the_desk_its_roles() -> None:
    routes = doors()
    assert {action for _, action in routes} == set(Action)
    assert {operation for (at_desk, _), operation in routes.items() if at_desk} <= ROLES.keys()
    assert routes[(True, Action.CLOCKS)] == "move_clock"
    assert routes[(False, Action.ANSWER_CHANGE)] == "withdraw_change"
    assert (False, Action.APPROVE) not in routes
    assert not ADDRESS.fullmatch("/api/v1/bookings/{reference}")


def _is_done(told: str) -> bool:
    """Whether a cell tells that something was written: an event or a new status, no code and no `already`."""
    return told not in ("already", "no door") and told not in all_codes()


def test_each_action_of_the_desk_is_behind_the_operation_of_its_door() -> None:
    """What a role may do and what it is offered are read from one table."""
    assert {action: operation for (at_desk, action), operation in doors().items() if at_desk} == OPERATIONS


def test_what_is_offered_is_what_is_done() -> None:
    """`allowed_actions` names exactly the actions that the tables show as done, for each role and for a guest."""
    routes = doors()
    for who, actor in PEOPLE.items():
        for status in Status:
            for action in Action:
                made, now = FITTING.get((action, status), OPENED[status])
                offered = [one.value for one in allowed_actions(made, actor.kind, now)]
                if actor.kind == "staff":
                    offered = within(StaffRole(1, "malabar", "Malabar", actor.role), offered)
                assert _is_done(cell(routes, actor, action, status)) == (action in offered), (who, status, action)


def test_every_refusal_of_the_page_is_explained() -> None:
    """What is neither an arrow, an event's words nor `already` is a code that the docs know."""
    routes = doors()
    told = {cell(routes, actor, action, status) for actor in PEOPLE.values() for action in Action for status in Status}
    told |= {cells.answer(other.made, other.command, other.now) for other in others()}
    codes = {word for word in told if "_" in word and not word.startswith("→")}
    assert {"action_not_allowed", "ask_the_hotel", "role_missing", "checklist_open", "clock_not_moved"} <= codes
    assert codes <= all_codes().keys()
    assert cell(routes, GUEST, Action.FAIL, Status.HELD) == "no door"


if __name__ == "__main__":
    print(render(others()), end="")

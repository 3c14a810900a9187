"""Who may do what: every operation of the OpenAPI document, asked by everybody about their own and others' things.

permissions.csv says what each must be answered; it was read against docs/accounts.md and is changed by hand. A
line is an operation and what it is asked about: `this` is the guest's own booking and the hotel of that booking;
`foreign` is an id that is somebody else's or never was, which must be answered alike to the last byte; with X-Hotel the
caller says for which hotel they act. A cell is the status. Where a call is well formed and let in, it is 2xx, or the
409 or 422 of a request that changes nothing (tests/api/matrix_requests.py).

A failing test tells the lines that are lacking as the API answers today: read them before they are put in.
"""

import csv
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from httpx import Response

from api import callers, permissions
from api.house import House
from domain.refusals import absent, forbidden
from messages.tokens import read_guest_token
from store.booking_reads import BookingRecord
from store.session import app_url as in_role
from tests.api.conftest import demo_settings
from tests.api.matrix import CALLERS, IDS, READ_WITH_BODY, ROLES, WORDS, Operation, World, built, operations
from tests.api.matrix_requests import REQUESTS
from tests.houses import copy_database, drop_database
from tests.story.conftest import own_namespace

# Some four thousand calls, most of them in the fixture that the first test waits for.
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(900),
]

PAGE = Path(__file__).with_name("permissions.csv")
HEAD = ("operation", "about", *CALLERS)
NO_JSON = b'{"version": '
REFUSED = ("401", "403", "404")
# Nobody, and one for each reason to be let in or not: who else there is was asked with a body that can be read.
IN_EACH_WAY = ("anonymous", "guest", "other guest", "frontdesk", "manager", "admin", "frontdesk elsewhere")
# What is shown here to be let in stands in the body itself.
KNOWN_BY_THEIR_BODY = ("login", "confirm_guest_email")
Row = tuple[str, str]
Cells = dict[Row, dict[str, str]]


def read(page: str) -> Cells:
    """The table: by operation and what it is asked about, each caller's status."""
    lines = [[cell.strip() for cell in line] for line in csv.reader(page.splitlines())]
    assert tuple(lines[0]) == HEAD
    rows = [(line[0], line[1]) for line in lines[1:]]
    assert len(set(rows)) == len(rows), "a line stands twice"
    return {row: dict(zip(CALLERS, line[2:], strict=True)) for row, line in zip(rows, lines[1:], strict=True)}


def written(cells: Cells) -> str:
    """Lines as they stand in the table, each column as wide as it has to be."""
    lines = [HEAD, *((*row, *(answers[caller] for caller in CALLERS)) for row, answers in cells.items())]
    widths = [max(len(line[n]) for line in lines) for n in range(2)] + [max(3, len(caller)) for caller in CALLERS]
    told = [", ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join(told) + "\n"


@pytest.fixture(scope="module")
def matrix_url(template_url: str) -> Iterable[str]:
    """A database of the matrix's own: it asks about all that a hotel has."""
    url = copy_database(template_url)
    yield url
    drop_database(url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(matrix_url: str, temporal_target: str) -> AsyncIterator[World]:
    """Everybody and everything."""
    namespace = await own_namespace(temporal_target)
    settings = demo_settings(in_role(matrix_url), in_role(matrix_url, "holdfast_ops"), temporal_target, namespace)
    async with built(settings, matrix_url) as made:
        yield made


def described(world: World) -> list[Operation]:
    """The operations as the served document has them."""
    return list(operations(world.doors.app.openapi()))


@dataclass(frozen=True)
class Seen:
    """What one call was answered, but for what differs between any two calls: the request's own id, a fresh cookie."""

    status: str
    body: bytes
    headers: frozenset[tuple[str, str]]


def seen(answer: Response) -> Seen:
    """The answer as a caller sees it."""
    headers = {(name, "" if name in ("x-request-id", "set-cookie") else told) for name, told in answer.headers.items()}
    return Seen(str(answer.status_code), answer.content, frozenset(headers))


Answers = dict[tuple[Row, str], list[Seen]]


async def asked(world: World, operation: Operation, row: str, people: Iterable[str] = CALLERS) -> Answers:
    """What everybody is answered about one thing; where it is foreign, about each such id, the made-up one last."""
    kind, _, place = row.partition(" ")
    told: Answers = {}
    for caller in people:
        each = [seen(await world.ask(operation, row, caller))]
        # Whom the door does not know at all it tells so before it looks at the address.
        others = len(world.strangers(operation, place, caller)) - 1 if kind == "foreign" else 0
        if each[0].status != "401":
            each = [*[seen(await world.ask(operation, row, caller, foreign=n)) for n in range(others)], *each]
        told[(operation.name, row), caller] = each
    return told


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def answers(world: World) -> Answers:
    """What everybody is answered about everything."""
    told: Answers = {}
    for operation in described(world):
        for row in operation.rows if operation.name in REQUESTS else ():
            told |= await asked(world, operation, row)
    return told


def cells(answers: Answers) -> Cells:
    """The statuses of the made-up id, or of the only one."""
    told: Cells = {}
    for (row, caller), each in answers.items():
        told.setdefault(row, {})[caller] = each[-1].status
    return told


def differences(expected: Cells, answers: Answers) -> list[str]:
    """The cells that are answered otherwise than the table says."""
    return [
        f"{name} about {row} as {caller}: {each[-1].status}, not {expected[name, row][caller]}"
        for ((name, row), caller), each in answers.items()
        if each[-1].status != expected[name, row][caller]
    ]


def told_apart(answers: Answers) -> list[str]:
    """Where somebody else's thing is answered otherwise than one that never was."""
    return [
        f"{name} about {row} as {caller}: {one.status} {one.body[:200]!r}, and of none {each[-1].body[:200]!r}"
        for ((name, row), caller), each in answers.items()
        for one in each[:-1]
        if one != each[-1]
    ]


@pytest.fixture(scope="module")
def expected() -> Cells:
    """The table as it was reviewed."""
    return read(PAGE.read_text(encoding="utf-8"))


async def test_every_operation_has_its_lines_and_every_line_its_operation(
    world: World, expected: Cells, answers: Answers
) -> None:
    """A new operation fails until somebody has said who may do it; so does a line for what is not there any more."""
    known = described(world)
    assert [one.name for one in known if one.name not in REQUESTS] == [], "say in matrix_requests.py how it is asked"
    assert sorted(REQUESTS) == sorted(one.name for one in known)
    assert {place for one in known for place in one.places} <= {*IDS, *WORDS}, "say in matrix.py what is meant by it"
    rows = {(one.name, row) for one in known for row in one.rows}
    lacking = {row: told for row, told in cells(answers).items() if row not in expected}
    assert not lacking, f"permissions.csv lacks lines; today's answers, to be read first:\n{written(lacking)}"
    assert expected.keys() - rows == set(), "permissions.csv has lines for what is not there"


async def test_everybody_is_answered_as_the_table_says(expected: Cells, answers: Answers) -> None:
    """Anonymous, guests, every role here and elsewhere, links and logins that are revoked or over."""
    assert differences(expected, answers) == []


async def test_what_is_somebody_elses_is_answered_as_what_never_was(answers: Answers) -> None:
    """Another guest's, another hotel's, or made up: the same status, the same headers, the same bytes."""
    assert sum(len(each) > 1 for each in answers.values()) > 600
    assert told_apart(answers) == []


async def test_who_may_not_do_a_thing_learns_nothing_of_how_it_is_asked_for(world: World, expected: Cells) -> None:
    """Of a body that can't be read, those who are let in are told 400; all others are answered as before.

    Which note, letter or item is meant is looked up with what is to be done to it, so there 400 comes before 404.
    """
    wrong = []
    for operation in (one for one in described(world) if one.takes_json):
        for row in (row for row in operation.rows if "X-Hotel" not in row):
            for caller in IN_EACH_WAY:
                said = answered_unread(expected, operation, row, caller)
                answer = await world.ask(operation, row, caller, content=NO_JSON)
                if str(answer.status_code) != said:
                    wrong.append(f"{operation.name} about {row} as {caller}: {answer.status_code}, not {said}")
    assert wrong == []


def answered_unread(expected: Cells, operation: Operation, row: str, caller: str) -> str:
    """What the door answers whose body can't be read: its own refusal, or 400."""
    said, let_in = expected[operation.name, row][caller], expected[operation.name, "this"][caller] not in REFUSED
    if said not in REFUSED or operation.name in KNOWN_BY_THEIR_BODY:
        return "400"
    looked_up_later = "reference" not in operation.places or (let_in and row.removeprefix("foreign ") in READ_WITH_BODY)
    return "400" if said == "404" and looked_up_later else said


async def test_the_table_and_the_roles_of_the_desk_are_one(expected: Cells) -> None:
    """docs/accounts.md says which roles may do what: 403 stands exactly where it says no."""
    for name, may in permissions.ROLES.items():
        refused = {role for role in ROLES if expected[name, "this"][role] == "403"}
        assert refused == {*ROLES} - may, name


@pytest.mark.usefixtures("answers")
async def test_without_the_check_of_one_permission_the_table_is_broken(
    world: World, expected: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above are able to fail: for each operation, with a role more than it has, or with one less.

    What is done here once too often comes after the answers that the table is held against.
    """
    for operation in (one for one in described(world) if one.name in permissions.ROLES):
        may = permissions.ROLES[operation.name]
        with monkeypatch.context() as patch:
            patch.setitem(permissions.ROLES, operation.name, frozenset(ROLES if may < {*ROLES} else ROLES[1:]))
            told = await asked(world, operation, "this", ROLES)
        assert differences(expected, told), operation.name


async def test_a_door_that_tells_of_other_hotels_is_found(
    world: World, expected: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 403 for what is another hotel's in the place of 404, or with a hotel that nobody has chosen."""
    see = next(one for one in described(world) if one.name == "get_desk_booking")
    read = callers.record_for_desk

    async def telling(house: House, hotel_id: int, reference: str) -> BookingRecord:
        if reference == world.foreign["reference"][0]:
            raise forbidden("role_missing", "This is another hotel's.")
        return await read(house, hotel_id, reference)

    with monkeypatch.context() as patch:
        patch.setattr(callers, "record_for_desk", telling)
        told = await asked(world, see, "foreign reference", ["frontdesk"])
    assert (len(told_apart(told)), differences(expected, told)) == (1, [])
    monkeypatch.setattr(callers, "_chosen", lambda _request, staff: staff.roles[0])
    assert differences(expected, await asked(world, see, "foreign X-Hotel", ["frontdesk"]))


async def test_a_guests_door_that_does_not_look_whose_link_it_is_is_found(
    world: World, expected: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any link that the house has signed would then open any booking, revoked or not."""
    see = next(one for one in described(world) if one.name == "get_booking")

    async def any_link(house: House, reference: str, token: str) -> BookingRecord:
        told = read_guest_token(house.secret, token)
        if told is None:
            raise absent()
        return await callers.record_for_desk(house, told.hotel_id, reference)

    monkeypatch.setattr(callers, "record_for_guest", any_link)
    told = differences(expected, await asked(world, see, "this", world.guests))
    assert len(told) == 3, told

"""docs/accounts.md says who may do what, as the code has it."""

import re
from pathlib import Path

from api.app import create_app
from api.callers import DeskRoute, GuestRoute
from api.permissions import ADMIN, FRONTDESK, MANAGER, ROLES
from config.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "accounts.md"
STAFF = (FRONTDESK, MANAGER, ADMIN)
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| (no|`\w+`) \| (yes|no) \| (yes|no) \| (yes|no) \|$", re.MULTILINE)
GUESTS_ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \|$", re.MULTILINE)


def marks(operation: str) -> tuple[str, ...]:
    """Which roles may do it, as the page says it."""
    return tuple("yes" if role in ROLES[operation] else "no" for role in STAFF)


def in_words(settings: Settings) -> dict[str, str]:
    """What each operation of the desk and of guests says of itself, for a first draft of its line."""
    routes = [route for route in create_app(settings).routes if isinstance(route, (DeskRoute, GuestRoute))]
    return {route.name: (route.endpoint.__doc__ or "").strip().splitlines()[0].replace("|", "/") for route in routes}


def operations_of_guests(settings: Settings) -> set[str]:
    return {route.name for route in create_app(settings).routes if isinstance(route, GuestRoute)}


def lacking(page: str, words: dict[str, str]) -> list[str]:
    """The lines that the page lacks or has wrong, as they must be; words and the guest's column are a draft."""
    told = {row[0]: row for row in ROW.findall(page)}
    lines = []
    for operation in ROLES:
        row = told.get(operation)
        if row is None or row[3:] != marks(operation):
            said, guest = (row[1], row[2]) if row else (words[operation], "no")
            lines.append(f"| `{operation}` | {said} | {guest} | {' | '.join(marks(operation))} |")
    return lines


def test_the_page_says_for_each_operation_which_roles_may_do_it(settings: Settings) -> None:
    """One line an operation; a line for something that is not there any more is taken out."""
    page, words = PAGE.read_text(encoding="utf-8"), in_words(settings)
    lines = lacking(page, words)
    assert lines == [], "docs/accounts.md needs these lines in its table of roles:\n" + "\n".join(lines)
    told = [row[0] for row in ROW.findall(page)]
    assert [name for name in told if name not in ROLES] == [], "docs/accounts.md: take these lines out"
    assert len(told) == len(set(told))


def test_the_page_names_every_operation_of_guests(settings: Settings) -> None:
    """Beside the desk's that it is like, or in the list of what only a guest does."""
    page, words = PAGE.read_text(encoding="utf-8"), in_words(settings)
    alike = {row[2].strip("`") for row in ROW.findall(page)} - {"no"}
    alone = {name for name, _ in GUESTS_ROW.findall(page)}
    known = operations_of_guests(settings)
    lines = [f"| `{name}` | {words[name]} |" for name in sorted(known - alike - alone)]
    assert lines == [], "docs/accounts.md needs these lines in its list of what only a guest does:\n" + "\n".join(lines)
    assert (alike | alone) - known == set(), "docs/accounts.md: guests have no such operation"
    assert alike & alone == set()


def test_a_missing_or_a_wrong_line_is_told_as_it_must_be(settings: Settings) -> None:
    """So that it can be put in as it stands."""
    page, words = PAGE.read_text(encoding="utf-8"), in_words(settings)
    right = next(line for line in page.splitlines() if line.startswith("| `approve` |"))
    before = lacking(page, words)
    missing = [line for line in lacking(page.replace(right + "\n", ""), words) if line not in before]
    assert missing == [f"| `approve` | {words['approve']} | no | {' | '.join(marks('approve'))} |"]
    wrong = page.replace(right, right.removesuffix("yes |") + "no |")
    assert [line for line in lacking(wrong, words) if line not in before] == [right]

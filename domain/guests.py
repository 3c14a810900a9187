"""By what a guest is known again, and who may be written down for a room. Rules in words: docs/rules/guests.md."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from domain.refusals import rule
from domain.stay import MAX_CHILD_AGE, counted

_FIRST_ACCENT, _LAST_ACCENT = "\u0300", "\u036f"


def email_key(address: str | None) -> str | None:
    """The address in NFC with letter case folded; None where there is none."""
    told = unicodedata.normalize("NFC", (address or "").strip()).casefold()
    return unicodedata.normalize("NFC", told) or None


def last_name_key(name: str) -> str:
    """The last name with case folded and accents taken off; empty where the name has no letter.

    It is what stands before a comma, else the last word that has a letter.
    """
    before, comma, _ = name.partition(",")
    words = [_plain(word) for word in (before if comma else name).split()]
    told = [word for word in words if any(sign.isalpha() for sign in word)]
    if not told:
        return ""
    return " ".join(told) if comma else told[-1]


def _plain(word: str) -> str:
    """The word without accents and without punctuation around it. A mark that no letter of ours has stays."""
    apart = unicodedata.normalize("NFKD", word).casefold()
    bare = "".join(sign for sign in apart if not _FIRST_ACCENT <= sign <= _LAST_ACCENT)
    return unicodedata.normalize("NFC", bare).strip(".;:!?()[]\"'")


def check_fits(adults: int, children_ages: Sequence[int], ages: Sequence[int | None]) -> None:
    """Who is named for a room must fit the party that its price was made for; not everybody has to be named.

    ages: of those named, in years on the day of arrival; None counts as an adult. Errors: 422 occupancy_differs (field
    `guests`).
    """
    children = Counter(age for age in ages if age is not None and age <= MAX_CHILD_AGE)
    if len(ages) - children.total() <= adults and not children - Counter(children_ages):
        return
    told = ", ".join(str(age) for age in sorted(children_ages))
    with_children = f" and children of {told}" if told else " and no children"
    raise rule(
        "occupancy_differs",
        f"The room is priced for {counted(adults, 'adult')}{with_children}; amend it first.",
        "guests",
    )

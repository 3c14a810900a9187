"""What is read as a change, and the quotes of changes."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from api.shapes.amending import (
    AMEND,
    AMEND_PREVIEW,
    CHANGE_REQUEST,
    DESK_AMEND,
    EXTEND,
    AmendBody,
    AmendPreview,
    ChangeRequestBody,
    DeskAmendBody,
    ExtendBody,
)
from messages.quotes import ChangeQuote, read_quote, sign_quote
from tests.api.world import SECRET


def test_a_quote_is_read_by_whose_secret_signed_it() -> None:
    """Anything else is nobody's."""
    quote = ChangeQuote(1, "HUD-20270601-7Q4K2M", 2, "abc", 500_00, 0, 1_800_000_000)
    signed = sign_quote(SECRET, quote)
    assert read_quote(SECRET, signed) == quote
    assert read_quote("another secret", signed) is None
    assert read_quote(SECRET, signed + "x") is None
    assert read_quote(SECRET, "x" * 5_000) is None
    changes: list[dict[str, Any]] = [
        {"hotel_id": 2}, {"reference": "X"}, {"version": 3}, {"asked": "x"}, {"total_minor": 1}, {"fee_minor": 1},
    ]  # fmt: skip
    assert quote.stands_for(replace(quote, expires_at=1))
    assert not any(quote.stands_for(replace(quote, **change)) for change in changes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 1, "stays": [{"stay": 1}, {"stay": 1}]},
        {"version": 1, "stays": [{"stay": 1, "departure": "tomorrow"}]},
        {"version": 1, "stays": [{"stay": 1, "room": "204"}]},
        {"version": 1, "pricing": "gift"},
        {
            "version": 1,
            "override": [{"stay": 1, "night": "2027-06-01", "price": {"amount_minor": 1, "currency": "EUR"}}],
        },
        {
            "version": 1,
            "pricing": "override",
            "override": [{"stay": 1, "night": "2027-06-01", "price": {"amount_minor": 1, "currency": "EUR"}}] * 2,
        },
        {"version": 1, "quote_id": "a b"},
    ],
)
def test_what_can_not_be_read_is_no_change(wrong: dict[str, Any]) -> None:
    """400 over HTTP."""
    with pytest.raises(ValidationError):
        DeskAmendBody(**wrong)


def test_guests_name_no_prices_and_go_past_nothing() -> None:
    """Their body knows no such words."""
    for words in ({"pricing": "keep"}, {"override": []}, {"restrictions_overridden": True}):
        with pytest.raises(ValidationError):
            AmendBody.model_validate({"version": 1, **words})


def test_the_examples_are_true_to_their_shapes() -> None:
    """As the docs show them."""
    assert AmendBody(**AMEND).stays[0].stay == 1
    assert DeskAmendBody(**DESK_AMEND).pricing == "keep"
    assert ExtendBody(**EXTEND).version == 3
    assert ChangeRequestBody(**CHANGE_REQUEST).text
    told = AmendPreview(**AMEND_PREVIEW)
    stay = told.stays[0]
    added = sum(tax.amount.amount_minor for tax in stay.taxes)
    assert sum(night.price.amount_minor for night in stay.nights) + added == stay.after.amount_minor
    assert told.after.amount_minor - told.before.amount_minor == told.difference.amount_minor

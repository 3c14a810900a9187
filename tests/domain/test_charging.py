"""Extras and adjustments that the desk posts: docs/rules/folio.md, "Extras and adjustments"."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.booking import Booking
from domain.charging import charged
from domain.folio import Charge, TaxCode
from domain.refusals import Kind
from tests.domain.made import ADMIN, DESK, GUEST, MANAGER, act, confirmed, in_house, march, refusal
from tests.domain.outcomes import changed

VAT = TaxCode("VAT13", "VAT 13 %", Decimal(13))
TEA = Charge("TEA", "Tea", 400, 2, tax=VAT)
GOODWILL = Charge("GOODWILL", "Goodwill", -3_000)
NOW = march(11, 9)


def posted(made: Booking, charge: Charge, **more: Any) -> Any:
    """The desk, or who is named, posts it in the hotel's currency."""
    return charged(made, act(NOW, **more), charge, "INR")


def test_an_extra_counts_into_what_is_owed_at_once() -> None:
    """Two teas at 4.00: 8.00, on top of 200.00."""
    made = in_house()
    step = posted(made, TEA)
    assert (step.what, step.notices, step.charge) == ("charge_posted", (), TEA)
    assert step.difference == {
        "code": "TEA", "amount_minor": 800, "quantity": 2, "line": None, "balance_minor": 20_800,
    }  # fmt: skip
    assert changed(made, step.after) == {"extras_minor": 800, "version": made.version + 1}
    assert (TEA.post.tax_minor, step.after.owed_minor) == (92, 20_800)
    again = posted(step.after, Charge("BAR", "Bar", 1_500))
    assert (again.after.extras_minor, again.difference["balance_minor"]) == (2_300, 22_300)


def test_an_adjustment_makes_less_of_what_is_owed() -> None:
    """30.00 by a manager, with a reason."""
    made = in_house()
    step = posted(made, GOODWILL, actor=MANAGER, reason="The shower was cold.")
    assert (step.what, step.after.owed_minor, step.difference["balance_minor"]) == ("charge_posted", 17_000, 17_000)


@pytest.mark.parametrize("actor", [DESK, MANAGER, ADMIN])
def test_a_charge_is_taken_back_whole_with_a_reason(actor: Any) -> None:
    """By anybody at the desk; the line that it takes back is named."""
    made = posted(in_house(), TEA).after
    back = Charge("TEA", "Tea", -400, 2, reverses=7)
    assert refusal(lambda: posted(made, back, actor=actor)).code == "reason_needed"
    step = posted(made, back, actor=actor, reason="Posted to the wrong room.")
    assert (step.what, step.charge) == ("charge_reversed", back)
    assert step.difference == {
        "code": "TEA", "amount_minor": -800, "quantity": 2, "line": 7, "balance_minor": 20_000,
    }  # fmt: skip


def test_taking_back_an_adjustment_or_an_extra_may_reach_any_sum() -> None:
    """What was charged by mistake is taken back also where an adjustment has made the rest nothing."""
    made = posted(in_house(), TEA).after
    free = posted(made, Charge("GOODWILL", "Goodwill", -20_800), actor=MANAGER, reason="A night without water.").after
    assert free.owed_minor == 0
    back = posted(free, Charge("TEA", "Tea", -400, 2, reverses=7), reason="Posted to the wrong room.").after
    assert (back.owed_minor, back.balance_minor) == (-800, -800)


@pytest.mark.parametrize(("amount", "allowed"), [(-19_999, True), (-20_000, True), (-20_001, False)])
def test_an_adjustment_is_never_more_than_what_is_owed(amount: int, allowed: bool) -> None:
    """Of 200.00, all of it and not a paisa more; the refusal says what is left to be paid."""
    made = in_house()
    charge = Charge("GOODWILL", "Goodwill", amount)
    if allowed:
        assert posted(made, charge, actor=MANAGER, reason="Goodwill.").after.owed_minor == 20_000 + amount
        return
    part_paid = replace(made, paid_minor=5_000)
    refused = refusal(lambda: posted(part_paid, charge, actor=MANAGER, reason="Goodwill."))
    assert (refused.code, refused.kind, refused.field, refused.detail, refused.facts) == (
        "more_than_owed", Kind.RULE, "amount.amount_minor", "An adjustment can't be more than what is owed.",
        {"balance_minor": 15_000, "currency": "INR"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("charge", "code", "field", "facts"),
    [
        (replace(TEA, quantity=0), "quantity_out_of_range", "quantity", {"maximum": 1_000}),
        (replace(TEA, quantity=-1), "quantity_out_of_range", "quantity", {"maximum": 1_000}),
        (replace(TEA, quantity=1_001), "quantity_out_of_range", "quantity", {"maximum": 1_000}),
        (replace(TEA, price_minor=0), "amount_is_zero", "amount.amount_minor", {}),
        (replace(TEA, price_minor=1_000_000_001, quantity=1), "amount_out_of_bounds", "amount.amount_minor",
         {"maximum": 1_000_000_000}),
        (replace(TEA, price_minor=500_000_001), "amount_out_of_bounds", "amount.amount_minor",
         {"maximum": 1_000_000_000}),
        (replace(TEA, price_minor=-500_000_001), "amount_out_of_bounds", "amount.amount_minor",
         {"maximum": 1_000_000_000}),
    ],
)  # fmt: skip
def test_what_no_charge_can_be_is_refused(charge: Charge, code: str, field: str, facts: dict[str, Any]) -> None:
    """The refusal names the field and the bound."""
    refused = refusal(lambda: posted(in_house(), charge))
    assert (refused.code, refused.kind, refused.field, refused.facts) == (code, Kind.RULE, field, facts)


@pytest.mark.parametrize(
    ("price", "quantity"), [(1, 1), (2, 1_000), (1_000_000_000, 1), (1_000_000, 1_000)]
)  # fmt: skip
def test_a_charge_goes_up_to_its_bounds(price: int, quantity: int) -> None:
    """A thousand pieces, and ten million rupees in all."""
    assert posted(in_house(), Charge("X", "X", price, quantity)).after.extras_minor == price * quantity


def test_a_charge_is_in_the_bookings_currency() -> None:
    """Another one is refused before anything else is looked at."""
    refused = refusal(lambda: charged(in_house(), act(NOW), TEA, "EUR"))
    assert (refused.code, refused.kind, refused.field, refused.detail) == (
        "currency_differs", Kind.RULE, "amount.currency", "The booking is in INR."
    )  # fmt: skip


@pytest.mark.parametrize("actor", [DESK, GUEST])
def test_an_adjustment_needs_a_manager_and_a_reason(actor: Any) -> None:
    """The least amount below zero is one already; an extra needs neither."""
    made, least = confirmed(), Charge("ROUND", "Rounding", -1)
    missing = refusal(lambda: posted(made, least, actor=actor, reason="Rounding."))
    assert (missing.code, missing.detail) == ("role_missing", "An adjustment below zero needs a manager.")
    unsaid = refusal(lambda: posted(made, least, actor=MANAGER))
    assert (unsaid.code, unsaid.field, unsaid.detail) == (
        "reason_needed", "reason", "An adjustment below zero needs a reason."
    )  # fmt: skip
    assert posted(made, least, actor=ADMIN, reason="Rounding.").after.extras_minor == -1
    assert posted(made, Charge("ROUND", "Rounding", 1)).after.extras_minor == 1
    taken = refusal(lambda: posted(made, Charge("ROUND", "Rounding", -1, reverses=1)))
    assert taken.detail == "Taking a charge back needs a reason."

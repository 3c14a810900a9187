"""Which moves a booking leaves open, to whom, and what is told when one is not."""

from dataclasses import replace

import pytest

from domain import acts, alarms, changing
from domain.booking import SYSTEM, Actor, Booking, Status
from domain.lifecycle import (
    Action,
    allowed_actions,
    already_true,
    check_allowed,
    check_managers_word,
    check_version,
    chosen,
)
from domain.steps import ChangeNews
from domain.terms import GuestTerms, Payment
from tests.domain.made import (
    ADMIN,
    AUTO,
    DESK,
    GUEST,
    KOCHI,
    MANAGER,
    act,
    confirmed,
    gone,
    in_house,
    march,
    option,
    pending,
    refusal,
    with_rooms,
)

A = Action
WISH = ChangeNews(0, "open", "{}", "A day more.")


def missing(rooms: int = 1) -> Booking:
    """Nobody came."""
    return acts.no_show(confirmed(rooms), act(march(11, 3), SYSTEM), range(1, rooms + 1)).after


def closed(made: Booking) -> Booking:
    """The books of a stay that went as booked are closed."""
    return alarms.completed(gone(made, march(12, 10)), act(march(12, 11), SYSTEM)).after


def cancelled(made: Booking) -> Booking:
    """Every room is given up on 2 March."""
    return acts.cancelled(made, act(march(2, 9)), [stay.number for stay in made.stays]).after


EXPIRED = alarms.expired(pending(), act(march(2, 12), SYSTEM)).after
REJECTED = acts.declined(pending(), act(march(2, 9))).after
FAILED = acts.failed(confirmed(), act(march(2, 9))).after
LEFT = gone(in_house(), march(12, 10))


def test_actions_are_the_words_of_the_addresses() -> None:
    """Programs outside rely on them."""
    words = (
        "approve decline confirm cancel amend extend assign-room check-in check-out no-show reinstate payments"
        " payment refunds charges waive-fee clocks change-requests answer-change fail"
    )
    assert [action.value for action in Action] == words.split()


@pytest.mark.parametrize(
    ("made", "desk", "guest"),
    [
        (option(march(3, 12)), [A.CONFIRM, A.CANCEL, A.AMEND, A.CLOCKS, A.FAIL], [A.CANCEL]),
        (pending(), [A.APPROVE, A.DECLINE, A.CANCEL, A.AMEND, A.CLOCKS, A.FAIL], [A.CANCEL, A.ASK_CHANGE]),
        (
            confirmed(),
            [A.CANCEL, A.AMEND, A.EXTEND, A.ASSIGN_ROOM, A.NO_SHOW, A.PAYMENTS, A.CHARGES, A.CLOCKS, A.FAIL],
            [A.CANCEL, A.ASK_CHANGE],
        ),
        (
            with_rooms(confirmed()),
            [
                A.CANCEL,
                A.AMEND,
                A.EXTEND,
                A.ASSIGN_ROOM,
                A.CHECK_IN,
                A.NO_SHOW,
                A.PAYMENTS,
                A.CHARGES,
                A.CLOCKS,
                A.FAIL,
            ],
            [A.CANCEL, A.ASK_CHANGE],
        ),
        (in_house(), [A.AMEND, A.EXTEND, A.CHECK_OUT, A.PAYMENTS, A.CHARGES, A.CLOCKS], []),
        (LEFT, [A.PAYMENTS, A.CHARGES, A.CLOCKS], []),
        (closed(in_house()), [], []),
        (cancelled(confirmed()), [A.REINSTATE], []),
        (missing(), [A.REINSTATE, A.PAYMENTS, A.WAIVE_FEE], []),
        (REJECTED, [A.REINSTATE], []),
        (EXPIRED, [A.REINSTATE], []),
        (FAILED, [], []),
    ],
)
def test_each_status_leaves_its_actions_open(made: Booking, desk: list[Action], guest: list[Action]) -> None:
    """To the desk and to a guest of a hotel that answers in person, in the order of the actions."""
    assert allowed_actions(made, "staff") == tuple(desk)
    assert allowed_actions(made, "guest") == tuple(guest)


@pytest.mark.parametrize("made", [pending(), confirmed()])
def test_an_open_wish_is_answered_before_there_is_another(made: Booking) -> None:
    asked = changing.change_asked(made, act(march(1, 13), GUEST), WISH).after
    assert A.ANSWER_CHANGE in allowed_actions(asked, "staff")
    assert A.ANSWER_CHANGE in allowed_actions(asked, "guest")
    assert A.ASK_CHANGE not in allowed_actions(asked, "guest")
    assert A.ASK_CHANGE not in allowed_actions(made, "staff")
    check_allowed(asked, A.ANSWER_CHANGE)
    assert refusal(lambda: check_allowed(made, A.ANSWER_CHANGE)).code == "action_not_allowed"
    over = replace(asked, status=Status.CANCELLED)
    assert A.ANSWER_CHANGE not in allowed_actions(over, "staff")


def test_guests_do_alone_what_the_hotels_terms_let_them() -> None:
    """Amending needs a hotel that confirms by itself and a firm booking; both can be switched off."""
    alone = acts.opened(replace(confirmed(terms=AUTO), status=Status.HELD), act()).after
    assert allowed_actions(alone, "guest") == (A.CANCEL, A.AMEND, A.ASK_CHANGE)
    bound = replace(alone, terms=replace(AUTO, guest=GuestTerms(cancel=False, amend=False)))
    assert allowed_actions(bound, "guest") == (A.ASK_CHANGE,)
    held = option(march(3, 12), terms=AUTO)
    assert allowed_actions(held, "guest") == (A.CANCEL,)


def test_in_the_house_the_rooms_that_are_still_to_come_can_be_given_up() -> None:
    """One guest is in, the other is awaited; once both have left nothing can be."""
    made = with_rooms(confirmed(rooms=2))
    half = acts.checked_in(made, act(march(10, 15)), made.stays[:1]).after
    assert {A.CANCEL, A.CHECK_IN, A.CHECK_OUT, A.NO_SHOW} <= set(allowed_actions(half, "staff"))
    assert A.FAIL not in allowed_actions(half, "staff")
    assert A.CANCEL in allowed_actions(half, "guest")
    assert A.CANCEL not in allowed_actions(in_house(), "guest")
    bare = replace(half, stays=(half.stays[0], replace(half.stays[1], room_id=None)))
    assert A.CHECK_IN not in allowed_actions(bare, "staff")


def test_taking_up_again_is_open_until_the_last_check_out_time() -> None:
    made = cancelled(confirmed())
    assert allowed_actions(made, "staff", march(12, 10, 59)) == (A.REINSTATE,)
    assert allowed_actions(made, "staff", march(12, 11)) == ()
    assert A.REINSTATE not in allowed_actions(confirmed(), "staff", march(2, 9))
    two = with_rooms(confirmed(rooms=2))
    lost = acts.no_show(acts.checked_in(two, act(march(10, 15)), two.stays[:1]).after, act(march(11, 3)), [2]).after
    assert A.REINSTATE in allowed_actions(lost, "staff", march(11, 9))
    assert A.REINSTATE not in allowed_actions(gone(lost, march(12, 10)), "staff", march(12, 10))


def test_money_is_taken_while_something_is_owed() -> None:
    """Never at a hotel that takes none; after the end only for a fee."""
    made = confirmed()
    assert A.PAYMENTS not in allowed_actions(replace(made, paid_minor=20_000), "staff")
    assert A.PAYMENTS in allowed_actions(replace(made, paid_minor=19_999), "staff")
    assert A.PAYMENTS not in allowed_actions(replace(made, terms=replace(KOCHI, payment=Payment.NONE)), "staff")
    # Where the provider is asked first, the desk may still take cash.
    assert A.PAYMENTS in allowed_actions(replace(made, terms=replace(KOCHI, payment=Payment.PREPAID)), "staff")
    assert A.PAYMENTS not in allowed_actions(replace(missing(), paid_minor=10_000), "staff")
    check_allowed(replace(made, paid_minor=20_000), A.PAYMENTS)
    check_allowed(missing(), A.PAYMENTS)
    for nothing in (replace(missing(), paid_minor=10_000), pending(), REJECTED, FAILED, closed(in_house())):
        assert refusal(lambda one=nothing: check_allowed(one, A.PAYMENTS)).code == "action_not_allowed"


def test_a_fee_can_be_waived_until_the_books_are_closed() -> None:
    early = gone(in_house(nights=3), march(11, 9))
    assert A.WAIVE_FEE in allowed_actions(early, "staff")
    assert A.WAIVE_FEE not in allowed_actions(alarms.completed(early, act(march(11, 10))).after, "staff")
    assert refusal(lambda: check_allowed(LEFT, A.WAIVE_FEE)).code == "action_not_allowed"
    assert check_allowed(missing(), A.WAIVE_FEE) == ()


def test_a_fee_is_waived_for_rooms_that_have_one() -> None:
    """Naming a room that is not there, or owes nothing, is refused and not written down."""
    made = missing(rooms=2)
    spared = acts.fee_waived(made, act(march(11, 9), MANAGER, "Ill."), [2]).after
    assert refusal(lambda: check_allowed(made, A.WAIVE_FEE, [9])).code == "stay_unknown"
    assert refusal(lambda: check_allowed(spared, A.WAIVE_FEE, [2])).code == "action_not_allowed"
    check_allowed(spared, A.WAIVE_FEE, [1])
    check_allowed(spared, A.WAIVE_FEE, [1, 2])


def test_clocks_can_be_moved_while_any_runs() -> None:
    for over in (EXPIRED, missing(), closed(in_house())):
        assert refusal(lambda over=over: check_allowed(over, A.CLOCKS)).code == "action_not_allowed"
    still = replace(in_house(), fired=("overstay-1",), stays=(replace(in_house().stays[0], overstayed=7),))
    assert A.CLOCKS not in allowed_actions(still, "staff")
    check_allowed(in_house(), A.CLOCKS)


def test_what_is_already_true_is_no_news() -> None:
    """A second yes, a second no, a room cancelled before; money is always news."""
    made = confirmed(rooms=2)
    two = with_rooms(made)
    inside = acts.checked_in(two, act(march(10, 15)), two.stays).after
    half = acts.cancelled(made, act(march(2, 9)), [2]).after
    both = acts.no_show(half, act(march(11, 3), SYSTEM), [1]).after
    known = [
        (both, A.CANCEL, ()), (both, A.NO_SHOW, ()),
        (made, A.APPROVE, ()), (inside, A.APPROVE, ()), (made, A.CONFIRM, ()), (inside, A.CONFIRM, ()),
        (REJECTED, A.DECLINE, ()), (cancelled(made), A.CANCEL, ()), (half, A.CANCEL, [2]), (inside, A.CHECK_IN, ()),
        (LEFT, A.CHECK_OUT, ()), (closed(in_house()), A.CHECK_OUT, ()), (missing(), A.NO_SHOW, ()),
        (made, A.REINSTATE, ()), (pending(), A.REINSTATE, ()), (option(march(3, 12)), A.REINSTATE, ()),
        (FAILED, A.FAIL, ()), (half, A.REINSTATE, [1]),
    ]  # fmt: skip
    for booking, action, numbers in known:
        assert already_true(booking, action, numbers), (booking.status, action)
    news = [
        (half, A.CANCEL, ()), (half, A.CANCEL, [1, 2]), (half, A.CANCEL, [1]), (half, A.CHECK_OUT, ()),
        (half, A.REINSTATE, ()), (half, A.REINSTATE, [2]), (made, A.PAYMENTS, ()), (made, A.AMEND, ()),
        (inside, A.EXTEND, ()), (two, A.ASSIGN_ROOM, ()), (missing(), A.WAIVE_FEE, ()), (made, A.CLOCKS, ()),
        (made, A.ASK_CHANGE, ()), (made, A.ANSWER_CHANGE, ()), (pending(), A.APPROVE, ()), (LEFT, A.APPROVE, ()),
        (pending(), A.CONFIRM, ()), (inside, A.REINSTATE, ()), (EXPIRED, A.DECLINE, ()), (made, A.FAIL, ()),
    ]  # fmt: skip
    for booking, action, numbers in news:
        assert not already_true(booking, action, numbers), (booking.status, action)


def test_the_stays_of_an_action_are_those_named_or_all_that_fit() -> None:
    made = acts.cancelled(confirmed(rooms=3), act(march(2, 9)), [2]).after
    numbers = [stay.number for stay in chosen(made, A.CANCEL, ())]
    assert numbers == [1, 3]
    assert [stay.number for stay in chosen(made, A.CANCEL, [3, 2])] == [2, 3]
    assert [stay.number for stay in chosen(made, A.CHECK_OUT, ())] == [1, 2, 3]
    no = refusal(lambda: chosen(made, A.CANCEL, [1, 9]))
    assert (no.code, no.field, no.facts) == ("stay_unknown", "stays", {"stay": 9})
    assert no.detail == "This booking has no stay 9."


def test_an_action_moves_exactly_the_stays_it_may() -> None:
    half = acts.cancelled(confirmed(rooms=2), act(march(2, 9)), [2]).after
    assert [stay.number for stay in check_allowed(half, A.NO_SHOW)] == [1]
    assert [stay.number for stay in check_allowed(half, A.REINSTATE, [2])] == [2]
    assert refusal(lambda: check_allowed(half, A.NO_SHOW, [1, 2])).code == "action_not_allowed"
    assert check_allowed(half, A.CLOCKS) == ()


def test_a_refusal_names_the_state_and_what_can_be_done_in_it() -> None:
    """The state is that of the room that stands in the way; guests are told what guests can do."""
    half = acts.cancelled(confirmed(rooms=2), act(march(2, 9)), [2]).after
    no = refusal(lambda: check_allowed(half, A.NO_SHOW, [2]))
    assert (no.code, no.kind.value) == ("action_not_allowed", "conflict")
    assert no.detail == "no-show is not possible: it is cancelled."
    assert no.facts == {
        "booking_status": "confirmed",
        "allowed_actions": ["cancel", "amend", "extend", "assign-room", "no-show", "reinstate", "payments", "charges",
                            "clocks", "fail"],
    }  # fmt: skip
    no = refusal(lambda: check_allowed(in_house(), A.CANCEL, actor_kind="guest"))
    assert no.detail == "cancel is not possible: it is checked in."
    assert no.facts == {"booking_status": "checked_in", "allowed_actions": []}
    no = refusal(lambda: check_allowed(pending(), A.CLOCKS, actor_kind="guest"))
    assert no.facts["allowed_actions"] == ["cancel", "change-requests"]


@pytest.mark.parametrize(
    ("made", "action"),
    [
        (FAILED, A.REINSTATE), (LEFT, A.REINSTATE), (closed(in_house()), A.REINSTATE), (in_house(), A.FAIL),
        (LEFT, A.FAIL), (missing(), A.CHECK_IN), (cancelled(confirmed()), A.AMEND), (EXPIRED, A.APPROVE),
        (closed(in_house()), A.AMEND), (option(march(3, 12)), A.APPROVE), (pending(), A.EXTEND),
        (pending(), A.CHECK_IN), (in_house(), A.ASSIGN_ROOM), (confirmed(), A.CONFIRM), (confirmed(), A.CHECK_OUT),
    ],
)  # fmt: skip
def test_what_a_status_does_not_leave_open_is_refused(made: Booking, action: Action) -> None:
    assert refusal(lambda: check_allowed(made, action)).code == "action_not_allowed"


def test_rooms_of_a_booking_that_is_over_stay_as_they_are() -> None:
    """A cancelled room beside one that has left is not taken up again; nor is anything done to a failed booking."""
    two = with_rooms(confirmed(rooms=2))
    inside = acts.checked_in(two, act(march(10, 15)), two.stays[:1]).after
    left = acts.cancelled(gone(inside, march(10, 16)), act(march(10, 17)), [2]).after
    assert left.status is Status.CHECKED_OUT
    assert refusal(lambda: check_allowed(left, A.REINSTATE, [2])).code == "action_not_allowed"
    assert A.REINSTATE not in allowed_actions(left, "staff")
    lost = acts.no_show(two, act(march(11, 3), SYSTEM), [1]).after
    failed = acts.failed(lost, act(march(11, 9))).after
    assert failed.stays[0].status is Status.NO_SHOW
    assert refusal(lambda: check_allowed(failed, A.REINSTATE, [1])).code == "action_not_allowed"


def test_a_guest_who_may_not_amend_alone_hears_it_from_the_rule_itself() -> None:
    """The status is looked at here; who may do it alone is told by a refusal that says whom to ask."""
    check_allowed(confirmed(), A.AMEND, actor_kind="guest")
    assert refusal(lambda: check_allowed(REJECTED, A.AMEND, actor_kind="guest")).code == "action_not_allowed"
    assert refusal(lambda: check_allowed(confirmed(), A.APPROVE, actor_kind="guest")).code == "action_not_allowed"


def test_a_stale_page_can_not_act() -> None:
    made = confirmed()
    no = refusal(lambda: check_version(made, 1))
    assert (no.code, no.kind.value, no.field) == ("version_conflict", "conflict", "version")
    assert no.facts == {"version": 2, "booking_status": "confirmed"}
    assert no.detail == "The booking has moved on to version 2; version 1 was seen."
    assert refusal(lambda: check_version(made, 3)).code == "version_conflict"
    check_version(made, 2)
    check_version(made, None)


def test_what_goes_past_a_rule_needs_the_managers_hand() -> None:
    for actor in (DESK, GUEST):
        no = refusal(lambda actor=actor: check_managers_word(actor, "Overselling"))
        assert (no.code, no.kind.value, no.detail) == ("role_missing", "forbidden", "Overselling needs a manager.")
    for actor in (MANAGER, ADMIN, SYSTEM, Actor("operator")):
        check_managers_word(actor, "Overselling")

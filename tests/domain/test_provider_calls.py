"""What is done with a call that was written down, with the instants of docs/rules/provider_calls.md."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.provider_calls import AT_WORK, MATCH_AFTER, Call, CallState, Move, Written, next_move

TEN = datetime(2027, 2, 1, 10, tzinfo=UTC)
CALL = Call("3.MLB-20270201-AAAAAA.deposit.1.begin.1", "checkout.sessions.create", "", {"amount": 100})
SENT = Written(CALL, CallState.SENT, first_sent_at=TEN, last_sent_at=TEN)


@pytest.mark.parametrize(
    ("written", "at", "move"),
    [
        (Written(CALL, CallState.NEW), TEN, Move.SEND),
        (SENT, TEN + timedelta(minutes=1), Move.SEND),
        (SENT, TEN + timedelta(hours=19, minutes=59), Move.SEND),
        (SENT, TEN + timedelta(hours=20), Move.MATCH),
        (replace(SENT, last_sent_at=TEN + timedelta(hours=19, minutes=59, seconds=30)), TEN + MATCH_AFTER, Move.WAIT),
        (replace(SENT, last_sent_at=TEN + MATCH_AFTER - AT_WORK), TEN + MATCH_AFTER, Move.MATCH),
        (replace(SENT, state=CallState.DONE, object_id="pi_1"), TEN + timedelta(days=30), Move.LOOK),
        (replace(SENT, state=CallState.UNKNOWN), TEN + timedelta(days=30), Move.MATCH),
        # A worker whose clock is a little behind the other's repeats the key, which is always safe.
        (SENT, TEN - timedelta(seconds=3), Move.SEND),
    ],
)
def test_a_call_is_repeated_under_its_key_until_that_may_be_forgotten(
    written: Written, at: datetime, move: Move
) -> None:
    assert next_move(written, at) is move


def test_a_fresh_round_has_a_key_of_its_own_and_keeps_the_name_by_which_it_is_found() -> None:
    again = replace(SENT, round=2)
    assert (SENT.wire_key, again.wire_key) == (CALL.key, f"{CALL.key}~2")
    assert again.call.key == CALL.key


def test_calls_that_say_the_same_have_one_hash_in_whatever_order() -> None:
    said = replace(CALL, params={"a": 1, "b": {"c": [1, 2], "d": "x"}})
    turned = replace(CALL, params={"b": {"d": "x", "c": [1, 2]}, "a": 1})
    assert said.params_hash == turned.params_hash
    others = [replace(said, params={"a": 2}), replace(said, target="pi_1"), replace(said, what="refunds.create")]
    assert len({one.params_hash for one in [said, *others]}) == 4

"""Calls to the payment provider, each written down and committed before it goes out.

Rule: docs/rules/provider_calls.md. Instants are the real clock's, given by the caller.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from domain.provider_calls import Call, CallState, Move, Written, next_move
from store.session import Database

# One payment of a booking is begun a few times at most; more would be a bug of the caller.
MOST_FOUND = 100
_COLUMNS = "key, call, target, params, state, round, first_sent_at, last_sent_at, object_id, code"
_WRITE = text(
    "INSERT INTO provider_calls (hotel_id, key, reference, call, target, params_hash, params, state) "
    "VALUES (:hotel_id, :key, nullif(:reference, ''), :call, :target, :params_hash, CAST(:params AS jsonb), 'new') "
    "ON CONFLICT (hotel_id, key) DO NOTHING"
)
_LOCK = text(f"SELECT {_COLUMNS} FROM provider_calls WHERE hotel_id = :hotel_id AND key = :key FOR UPDATE")
_SEND = text(
    "UPDATE provider_calls SET state = CASE state WHEN 'new' THEN 'sent' ELSE state END, "
    "first_sent_at = coalesce(first_sent_at, :at), last_sent_at = :at WHERE hotel_id = :hotel_id AND key = :key"
)
_REWORD = text(
    "UPDATE provider_calls SET params = CAST(:params AS jsonb), params_hash = :params_hash "
    "WHERE hotel_id = :hotel_id AND key = :key"
)
_FRESH = text(
    "UPDATE provider_calls SET round = round + 1, state = 'sent', first_sent_at = :at, last_sent_at = :at, "
    "params = CAST(:params AS jsonb), params_hash = :params_hash "
    "WHERE hotel_id = :hotel_id AND key = :key AND round = :round AND state <> 'done'"
)
_SETTLE = text(
    "UPDATE provider_calls SET state = :state, object_id = :object_id, code = :code, "
    "first_sent_at = CASE WHEN :state = 'new' THEN NULL ELSE first_sent_at END "
    "WHERE hotel_id = :hotel_id AND key = :key AND round = :round AND state <> 'done'"
)
_OF_PAYMENT = text(
    f"SELECT {_COLUMNS} FROM provider_calls WHERE hotel_id = :hotel_id AND reference = :reference "
    "AND starts_with(key, :prefix) ORDER BY recorded_at DESC, key DESC LIMIT :most"
)


class ProviderCalls:
    """The written calls of every hotel."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, hotel_id: int, reference: str, call: Call, at: datetime) -> Written:
        """Writes a call down, or finds it as it was written before; the answer is how it stood until now.

        reference: the booking it is for; empty where it is about the hotel itself.

        Where the next move is to send it, it counts as sent at `at` from this commit on. A call that is found keeps its
        own words, whatever this one says; only what is certainly not at the provider takes the new ones.
        """
        row = {"hotel_id": hotel_id, "key": call.key, "at": at}
        async with self._database.hotel(hotel_id) as tx:
            await tx.execute(_WRITE, {**row, **_worded(call), "reference": reference})
            written = _written((await tx.execute(_LOCK, row)).one())
            if written.state is CallState.NEW and written.call.params_hash != call.params_hash:
                await tx.execute(_REWORD, {**row, **_worded(call)})
                written = _written((await tx.execute(_LOCK, row)).one())
            if next_move(written, at) is Move.SEND:
                await tx.execute(_SEND, row)
        return written

    async def renew(self, hotel_id: int, written: Written, params: Mapping[str, Any], at: datetime) -> Written:
        """Begins the next round of a call, under a fresh key, which counts as sent at `at`.

        Where somebody else has begun it, or a definite answer has come meanwhile, that is what is found.
        """
        call = Call(written.call.key, written.call.what, written.call.target, params)
        row = {"hotel_id": hotel_id, "key": call.key, "at": at}
        async with self._database.hotel(hotel_id) as tx:
            await tx.execute(_FRESH, {**row, **_worded(call), "round": written.round})
            return _written((await tx.execute(_LOCK, row)).one())

    async def settle(
        self, hotel_id: int, written: Written, state: CallState, object_id: str = "", code: str = ""
    ) -> None:
        """Keeps what became of a sending. A definite answer is final; a later round is not touched."""
        values = {"state": state.value, "object_id": object_id, "code": code}
        row = {"hotel_id": hotel_id, "key": written.call.key, "round": written.round}
        async with self._database.hotel(hotel_id) as tx:
            await tx.execute(_SETTLE, {**row, **values})

    async def find(self, hotel_id: int, reference: str, prefix: str) -> list[Written]:
        """The booking's written calls whose keys begin so, the newest first, MOST_FOUND at most."""
        row = {"hotel_id": hotel_id, "reference": reference, "prefix": prefix, "most": MOST_FOUND}
        async with self._database.hotel(hotel_id) as tx:
            return [_written(found) for found in await tx.execute(_OF_PAYMENT, row)]


def _worded(call: Call) -> dict[str, str]:
    return {
        "call": call.what,
        "target": call.target,
        "params_hash": call.params_hash,
        "params": json.dumps(call.params, sort_keys=True),
    }


def _written(row: Row[Any]) -> Written:
    return Written(
        Call(row.key, row.call, row.target, row.params),
        CallState(row.state),
        row.round,
        row.first_sent_at,
        row.last_sent_at,
        row.object_id,
        row.code,
    )

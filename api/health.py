"""Whether the parts that an answer needs are there: database, Temporal, and a worker that polls for bookings."""

import asyncio
import time

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.front_desk import FrontDesk
from api.shapes.platform import Readiness
from store.session import Database

LOOK_SECONDS = 2.0
# Many ask at once while a system starts; one look a second is enough for all of them.
GOOD_FOR_SECONDS = 1.0
_TAKES_NO_WRITES = text("SELECT current_setting('transaction_read_only') = 'on'")


class Health:
    """Remembers its last look for a second."""

    def __init__(self) -> None:
        self._looked_at = 0.0
        self._last: Readiness | None = None
        self._turn = asyncio.Lock()

    async def readiness(self, database: Database, front_desk: FrontDesk) -> Readiness:
        """Looks at every part, or answers from a look of the last second."""
        async with self._turn:
            now = time.monotonic()
            if self._last is None or now - self._looked_at > GOOD_FOR_SECONDS:
                self._last = await self._look(database, front_desk)
                self._looked_at = time.monotonic()
            return self._last

    async def _look(self, database: Database, front_desk: FrontDesk) -> Readiness:
        answers, others = await asyncio.gather(_answers(database), front_desk.readiness())
        parts = {"database": answers, **others}
        ready = all(told == "ok" for told in parts.values())
        return Readiness(status="ok" if ready else "not ready", parts=parts)


async def _answers(database: Database) -> str:
    try:
        async with asyncio.timeout(LOOK_SECONDS), database.public() as tx:
            read_only = (await tx.execute(_TAKES_NO_WRITES)).scalar_one()
    except (TimeoutError, OSError, SQLAlchemyError):
        return "does not answer"
    return "takes no writes" if read_only else "ok"

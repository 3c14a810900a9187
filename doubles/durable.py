"""The memory of a stand-in: one SQLite file, durable, and changed in transactions."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DurableFile:
    """One file, used from one thread. Opening makes its folder and its tables where they are not there yet."""

    def __init__(self, place: Path, schema: str) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
        self._file.row_factory = sqlite3.Row
        # What was answered for must still be there after a kill, like at the real provider.
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = FULL")
        self._file.executescript(schema)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    @contextmanager
    def work(self) -> Iterator[None]:
        """One transaction; trouble takes everything back."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

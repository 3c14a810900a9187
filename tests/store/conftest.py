"""What tests of the store share."""

import pytest

from store import session


@pytest.fixture
def long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases that are opened from now on wait a minute for a lock, so that it can be seen how somebody waits."""
    monkeypatch.setattr(session, "LOCK_TIMEOUT_MS", 60_000)
    monkeypatch.setattr(session, "STATEMENT_TIMEOUT_MS", 60_000)
    monkeypatch.setattr(session, "SILENCE_SECONDS", 61.0)

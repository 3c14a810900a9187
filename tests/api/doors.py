"""The API on a database of one's own, with a clock that only the test moves."""

from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from api.app import create_app
from api.house import real_clock
from config.settings import Settings
from tests.api.world import ADDRESS, API, PASSWORD, bearer
from tests.story.world import connect


class Doors:
    """One API, or several on the same database. owner_url: to look behind the doors."""

    def __init__(self, settings: Settings, owner_url: str) -> None:
        self.settings = settings
        self.owner_url = owner_url
        self.now: datetime = real_clock().replace(microsecond=0)
        self._open = AsyncExitStack()
        self._app: FastAPI | None = None

    async def __aenter__(self) -> "Doors":
        await self._open.__aenter__()
        self._app = await self.another()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.__aexit__(kind, error, trace)

    async def another(self, **changes: Any) -> FastAPI:
        """One more API process on this database, with settings changed where asked."""
        app = create_app(self.settings.model_copy(update=changes), clock=lambda: self.now)
        await self._open.enter_async_context(app.router.lifespan_context(app))
        return app

    @property
    def app(self) -> FastAPI:
        """The first API."""
        assert self._app is not None
        return self._app

    def later(self, **by: float) -> datetime:
        """Puts the clock forward."""
        self.now += timedelta(**by)
        return self.now

    def caller(self, address: str = "127.0.0.1", app: FastAPI | None = None, base: str = ADDRESS) -> AsyncClient:
        """Somebody at an address, with a browser's memory for cookies."""
        return AsyncClient(transport=ASGITransport(app or self.app, client=(address, 50_000)), base_url=base)

    async def log_in(
        self, email: str, caller: AsyncClient | None = None, password: str = PASSWORD, code: str | None = None
    ) -> Response:
        """Tries to log in, by default from this machine, whose address has no limit in a demo."""
        body = {"email": email, "password": password, **({} if code is None else {"code": code})}
        return await (caller or self.caller()).post(f"{API}/auth/login", json=body)

    async def token(self, email: str, code: str | None = None) -> str:
        """The token of a login that has to succeed."""
        answer = await self.log_in(email, code=code)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    async def ask(self, token: str, method: str, path: str, body: Any = None) -> Response:
        """Something about one's own account."""
        return await self.caller().request(method, f"{API}/auth/{path}", json=body, headers=bearer(token))

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement of the database's owner answers."""
        with connect(self.owner_url) as db:
            cursor = db.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

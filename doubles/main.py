"""Runs the doubles on this machine, in one process, until told to end. Prints JSON log lines only."""

import asyncio
import logging
import signal
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from config.logs import configure_logs
from config.settings import Settings
from doubles.mail import mail_app
from doubles.stripe.app import stripe_app

GRACE_SECONDS = 1
# Vendors keep idle connections for long; a caller that meets one at its end sees a lost answer.
KEEP_ALIVE_SECONDS = 75
MOST_AT_ONCE = 200


class _Server(uvicorn.Server):
    """One of several servers of a process: a signal that one of them hears ends all."""

    together: "list[_Server]"

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ends every one, at once and not one after the other."""
        for one in self.together:
            one.should_exit = True


def _server(app: Starlette, settings: Settings, port: int, together: list[_Server]) -> _Server:
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=port,
            log_config=None,
            access_log=False,
            # Neither web sockets nor a faster loop are needed, and both cost memory.
            ws="none",
            loop="asyncio",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            limit_concurrency=MOST_AT_ONCE,
            lifespan="off",
        )
    )
    server.together = together
    together.append(server)
    return server


async def _serve_mail(settings: Settings, together: list[_Server]) -> None:
    token = settings.postmark_token.get_secret_value()
    app = mail_app(settings.home, token, settings.mail_webhook_url, settings.mail_webhook_secret)
    app.state.webhooks.wake()
    try:
        await _server(app, settings, settings.mail_double_port, together).serve()
    finally:
        await app.state.webhooks.close()
        app.state.mailbox.close()


async def _serve_stripe(settings: Settings, together: list[_Server]) -> None:
    app = stripe_app(
        settings.home,
        settings.stripe_double_url or f"http://{settings.host}:{settings.stripe_double_port}",
        settings.stripe_api_key.get_secret_value(),
        settings.stripe_webhook_url,
        settings.stripe_secrets,
    )
    app.state.house.wake()
    try:
        await _server(app, settings, settings.stripe_double_port, together).serve()
    finally:
        await app.state.house.close()


async def serve(settings: Settings) -> None:
    """Serves each double on its port until SIGTERM or SIGINT; one whose port is 0 is not served."""
    together: list[_Server] = []
    async with asyncio.TaskGroup() as tasks:
        if settings.mail_double_port:
            tasks.create_task(_serve_mail(settings, together))
        if settings.stripe_double_port:
            tasks.create_task(_serve_stripe(settings, together))


def main() -> None:
    """Starts with the settings of the environment."""
    settings = Settings()
    log = configure_logs("doubles", settings.log_level)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    for name, port in (("mail", settings.mail_double_port), ("Stripe", settings.stripe_double_port)):
        if port:
            log.info(f"The {name} double listens.", address=f"http://{settings.host}:{port}")
    # A signal before the servers listen, or after they ended, has nothing left to do.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()

"""Runs the doubles on this machine, in one process, until told to end. Prints JSON log lines only."""

import asyncio
import logging
import signal

import uvicorn

from config.logs import configure_logs
from config.settings import Settings
from doubles.mail import mail_app

GRACE_SECONDS = 1
MOST_AT_ONCE = 200


async def serve(settings: Settings) -> None:
    """Serves the mail double on its port until SIGTERM or SIGINT."""
    token = settings.postmark_token.get_secret_value()
    app = mail_app(settings.home, token, settings.mail_webhook_url, settings.mail_webhook_secret)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.mail_double_port,
            log_config=None,
            access_log=False,
            # Neither web sockets nor a faster loop are needed, and both cost memory.
            ws="none",
            loop="asyncio",
            timeout_graceful_shutdown=GRACE_SECONDS,
            limit_concurrency=MOST_AT_ONCE,
            lifespan="off",
        )
    )
    app.state.webhooks.wake()
    try:
        await server.serve()
    finally:
        await app.state.webhooks.close()
        app.state.mailbox.close()


def main() -> None:
    """Starts with the settings of the environment."""
    settings = Settings()
    log = configure_logs("doubles", settings.log_level)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    log.info("The mail double listens.", address=f"http://{settings.host}:{settings.mail_double_port}")
    # The server ends by itself at these signals and then repeats them; there is nothing left to do then.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()

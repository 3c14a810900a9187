"""A worker of the notices queue whose process ends the moment a batch was sent, before anything is written down.

Run as a program by test_notices.py: database address, Temporal address, namespace, the double's address.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from temporalio.client import Client

from gateways.mailer import Letter, Sent
from gateways.postmark import PostmarkMailer
from messages.converter import data_converter
from store.notices import NoticeStore
from store.session import Database
from tests.doubles.running import TOKEN
from tests.story.notices.post import working
from tests.story.world import SECRET

STATUS = 9


class LastMailer(PostmarkMailer):
    """Sends one batch in its life."""

    async def send(self, letters: Sequence[Letter]) -> list[Sent]:
        """Sends, and ends the process as a kill would."""
        await super().send(letters)
        os._exit(STATUS)


async def work(database_url: str, target: str, namespace: str, double: str) -> None:
    """Serves the queue until a batch was sent."""
    client = await Client.connect(target, namespace=namespace, data_converter=data_converter(SECRET))
    database = Database(database_url)
    await database.open()
    async with working(client, NoticeStore(database), LastMailer(TOKEN, double)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:5]))

"""What machines ask: is the process alive, is the system ready."""

from typing import Literal

from api.shapes.common import Told


class Health(Told):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Told):
    """Each part that an answer needs: `ok`, or what is wrong with it."""

    status: Literal["ok", "not ready"]
    parts: dict[str, str]

"""Cursors of lists: signed, so that only a place that we told can be asked for."""

from functools import lru_cache

from itsdangerous import BadData, URLSafeSerializer

from api.problems import malformed

MAX_CURSOR_CHARACTERS = 400


@lru_cache(maxsize=4)
def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="cursor")


def write_cursor(secret: str, listed: str, place: list[str]) -> str:
    """The place after which a list goes on. listed: which list, with its filters and order."""
    signed = _serializer(secret).dumps([listed, *place])
    return signed if isinstance(signed, str) else signed.decode()


def read_cursor(secret: str, listed: str, cursor: str | None) -> list[str] | None:
    """The place of a cursor; None for the beginning. Errors: 400 cursor_unknown, also for another list's."""
    if cursor is None:
        return None
    try:
        if len(cursor) > MAX_CURSOR_CHARACTERS:
            raise BadData("too long")
        told = _serializer(secret).loads(cursor)
    except BadData as error:
        raise _unknown() from error
    match told:
        case [str(where), *place] if where == listed and all(isinstance(part, str) for part in place):
            return place
    raise _unknown()


def _unknown() -> Exception:
    return malformed("This cursor belongs to another list; begin again without it.", "cursor", "cursor_unknown")

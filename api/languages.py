"""In which language somebody wants to be written to, of those that letters are written in."""

from typing import Literal, get_args

from fastapi import Request

Language = Literal["en", "pt"]
LANGUAGES: tuple[str, ...] = get_args(Language)
_MOST_READ = 20


def asked_language(request: Request) -> str | None:
    """The language of ours that `Accept-Language` likes best; None where it names none of them.

    `pt-BR,pt;q=0.9,en;q=0.8` is pt. At the same weight the first counts; what can't be read counts for nothing.
    """
    best, weight = None, 0.0
    for part in request.headers.get("Accept-Language", "").split(",")[:_MOST_READ]:
        tag, _, told = part.strip().partition(";")
        language = tag.split("-")[0].strip().lower()
        quality = _quality(told)
        if language in LANGUAGES and quality > weight:
            best, weight = language, quality
    return best


def _quality(told: str) -> float:
    name, _, value = told.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(1.0, float(value)) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0

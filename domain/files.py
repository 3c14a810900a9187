"""What kind of paper a file is, and a name that can be shown and saved. Rules in words: docs/rules/guests.md."""

import re
import unicodedata

MOST_BYTES = 10 * 1024 * 1024
MOST_FILES = 20
MOST_NAME_CHARACTERS = 100
# How many of its first bytes tell what a file is.
TELLING_BYTES = 16

EXTENSIONS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/heic": "heic"}
_BEGINNINGS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_UNWANTED = re.compile(r"[^\w .()+-]")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def media_type_of(beginning: bytes) -> str | None:
    """The kind of a file by its first bytes, whatever its name says; None for what is not taken."""
    for signature, media_type in _BEGINNINGS:
        if beginning.startswith(signature):
            return media_type
    if beginning[4:8] == b"ftyp" and beginning[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return None


def clean_name(name: str, media_type: str) -> str:
    """The last part of the name, without signs that mean something to a file system, and the ending of its kind."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = _ENDING.sub("", " ".join(_UNWANTED.sub(" ", last).split())).strip(". ")
    return f"{plain[:MOST_NAME_CHARACTERS] or 'file'}.{EXTENSIONS[media_type]}"

"""Reads the settings for a command, and says in a person's words which variable is wrong."""

from pydantic import ValidationError

from cli.processes import StackTrouble
from config.settings import Settings


def read_settings() -> Settings:
    """The settings, or StackTrouble with one line for each variable that is refused and why."""
    try:
        return Settings()
    except ValidationError as trouble:
        lines = [f"{_variable(str(error['loc'][0]))}: {error['msg']}" for error in trouble.errors() if error["loc"]]
        raise StackTrouble("\n".join(lines) or str(trouble)) from None


def _variable(field: str) -> str:
    """Fields with a name of their own in the environment are reported by it, the others by their field's name."""
    return field if field.isupper() else f"HOLDFAST_{field.upper()}"

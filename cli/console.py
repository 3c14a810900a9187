"""What `holdfast up` prints: prefixed lines of its parts, tables, and the one line that says it is ready."""

import sys
from collections.abc import Sequence

NAME_WIDTH = 10
LONGEST_LINE = 16_000
_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
_BOLD, _RESET = "\x1b[1m", "\x1b[0m"


class Console:
    """Writes to standard output; colours only where a person looks at a terminal."""

    def __init__(self, *, coloured: bool | None = None) -> None:
        self.coloured = sys.stdout.isatty() if coloured is None else coloured
        self._colour_of: dict[str, int] = {}

    def part(self, name: str, line: str) -> None:
        """One line of a part, after its name; a line too long to read is cut."""
        prefix = f"{name:<{NAME_WIDTH}} |"
        if self.coloured:
            colour = self._colour_of.setdefault(name, _COLOURS[len(self._colour_of) % len(_COLOURS)])
            prefix = f"\x1b[{colour}m{prefix}{_RESET}"
        self._write(f"{prefix} {line[:LONGEST_LINE]}")

    def say(self, line: str) -> None:
        """A line of our own about the stack."""
        self.part("holdfast", line)

    def table(self, title: str, rows: Sequence[Sequence[str]]) -> None:
        """Rows in aligned columns under a title."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        heading = f"{_BOLD}{title}{_RESET}" if self.coloured else title
        self._write("")
        self._write(heading)
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._write(("  " + "  ".join(cells)).rstrip())

    def ready(self) -> None:
        """The line that scripts wait for."""
        self._write("")
        self._write("ready")

    def _write(self, line: str) -> None:
        """A reader that went away must not stop the stack, which still has to end its parts in order."""
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except (BrokenPipeError, ValueError):
            return

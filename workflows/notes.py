"""Notes: commands that wait for their answer between a booking's doors and its story."""

from dataclasses import asdict, dataclass

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.refusals import Refused
    from messages.bookings import Answer, Command, Refusal

MAX_NOTES = 10


@dataclass
class Note:
    """A command that waits for its answer."""

    command: Command
    answer: Answer | None = None
    refusal: Refusal | None = None

    @property
    def answered(self) -> bool:
        """Whether the door can let its visitor go."""
        return self.answer is not None or self.refusal is not None

    def refuse(self, refused: Refused) -> None:
        """The answer is no."""
        self.refusal = Refusal(refused.code, refused.detail, refused.kind.value, refused.field, dict(refused.facts))


def refusal_error(refusal: Refusal) -> ApplicationError:
    """A refusal as callers of an update receive it."""
    return ApplicationError(refusal.detail, asdict(refusal), type=refusal.code, non_retryable=True)

"""Logs as JSON lines on standard output: one shape for our own words and for those of libraries."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog


def _reference(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The booking's reference, also from Temporal's own records, which name the workflow."""
    record = event.get("_record")
    told = getattr(record, "temporal_workflow", None) or getattr(record, "temporal_activity", None)
    if isinstance(told, dict):
        workflow_id = str(told.get("workflow_id", ""))
        event["workflow_id"] = workflow_id
        if workflow_id.startswith("booking-"):
            event["reference"] = workflow_id.removeprefix("booking-")
    return event


def configure_logs(part: str, level: str) -> structlog.stdlib.BoundLogger:
    """Sets up logging for a process and answers its logger.

    part: the process's name in each line; level: a name of the logging module, such as INFO.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared, _reference],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return structlog.stdlib.get_logger("holdfast").bind(part=part)

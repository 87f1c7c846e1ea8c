"""Structured logs to standard output: JSON lines, one event each, never a personal field."""

import logging
import sys

import structlog


def configure_logging(service: str, level: str = "INFO") -> None:
    """Set up structlog and the standard library's logging for one process."""
    logging.basicConfig(stream=sys.stdout, level=level, format="%(message)s", force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("nats").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)

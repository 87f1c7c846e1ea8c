"""Structured logs to standard output: JSON lines, one event each, never a personal field."""

import logging
import sys
import traceback
from collections.abc import Iterator

import structlog
from structlog.typing import EventDict, WrappedLogger

from renkou_common.errors import RenkouError

_SPEAKING = (RenkouError, OSError)  # the only ones whose text is known to hold no value of a record


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, the first cause first."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _chain(cause)
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _chain(one)
    yield error


def _described(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{kind}: {error}" if isinstance(error, _SPEAKING) else f"{frames}{kind}"


def _trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` by where it happened and the errors' types.

    Texts of errors stay out: drivers and validators quote the value that they refuse, which may be a name.
    """
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(map(_described, _chain(error)))
    return event


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
            _trace,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)

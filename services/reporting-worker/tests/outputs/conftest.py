"""A district whose period can be closed."""

from ..closings.conftest import district

__all__ = ["district"]

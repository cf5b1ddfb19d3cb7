"""`verify(claims)` and its `Report` (see `running/verify.py`)."""

from .running.verify import Report, processors, verify

__all__ = ["Report", "processors", "verify"]

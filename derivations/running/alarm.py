"""Seconds for one question: an alarm that no simplifier on the way can keep to itself."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType


class OutOfTime(BaseException):
    """Raised by the alarm of `within`; an `except Exception` on the way does not keep it."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """`OutOfTime` after so many seconds, where the platform and the thread can be woken.

    An alarm around it goes on: it rings when its own time is over, if later than it should.
    """
    able = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not able:
        yield
        return
    rung = False

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal rung
        rung = True
        raise OutOfTime

    started = time.monotonic()
    before = signal.signal(signal.SIGALRM, ring)
    # again and again, should one ring be swallowed in a callback
    outer, interval = signal.setitimer(signal.ITIMER_REAL, seconds, max(seconds / 10, 0.05))
    if outer and outer < seconds:
        signal.setitimer(signal.ITIMER_REAL, outer, max(seconds / 10, 0.05))
    try:
        yield
    except Exception as error:
        # Whatever it is: a callback from C turns the alarm into an error of the caller's own kind.
        if rung:
            raise OutOfTime from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:
            left = outer - (time.monotonic() - started)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), interval)

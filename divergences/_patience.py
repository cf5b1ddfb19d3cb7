"""A time limit on one call into a computer-algebra system, from any thread and on any platform."""

from __future__ import annotations

import ctypes
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Result = TypeVar("Result")


class OutOfPatience(BaseException):
    """Raised inside the watched call; not an `Exception`, so that no library swallows it."""


_deadlines: ContextVar[tuple[float, float]] = ContextVar("deadlines", default=(math.inf, math.inf))


@contextmanager
def hurry(soft: float, hard: float) -> Iterator[None]:
    """Inside, what only makes results shorter is left out after `soft` seconds, all else after `hard`."""
    now = time.monotonic()
    token = _deadlines.set((now + soft, now + hard))
    try:
        yield
    finally:
        _deadlines.reset(token)


def within(seconds: float, call: Callable[[], Result], *, needed: bool = False) -> Result | None:
    """`call()`, or None when it raises or is still running after `seconds` of wall clock.

    Python code is interrupted at its next bytecode; a long call into C finishes first. `needed` says
    which of `hurry`'s two limits holds.
    """
    seconds = min(seconds, _deadlines.get()[needed] - time.monotonic())
    if seconds <= 0:
        return None
    thread = threading.get_ident()
    lock = threading.Lock()
    finished = False

    def interrupt() -> None:
        with lock:
            if not finished:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread), ctypes.py_object(OutOfPatience)
                )

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    result: Result | None = None
    try:
        timer.start()
        try:
            result = call()
        except Exception:  # what an algebra system raises on hard input is of any class
            result = None
        with lock:
            finished = True
    except OutOfPatience:
        result = None
        finished = True
    finally:
        timer.cancel()
    return result

"""A time limit on one call into a computer-algebra system, from any thread and on any platform."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class OutOfPatience(BaseException):
    """Raised inside the watched call; not an `Exception`, so that no library swallows it."""


def within(seconds: float, call: Callable[[], Result]) -> Result | None:
    """`call()`, or None when it raises or is still running after `seconds` of wall clock.

    Python code is interrupted at its next bytecode; a long call into C finishes first.
    """
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

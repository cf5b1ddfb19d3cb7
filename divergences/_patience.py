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


RESEND = 0.5  # seconds


class OutOfPatience(BaseException):
    """Raised inside the watched call; not an `Exception`, so that no library swallows it."""


def _clock_of(thread: int) -> Callable[[], float]:
    """The processor time of a thread; the wall clock where the system does not tell it."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.monotonic
    clock = time.pthread_getcpuclockid(thread)
    return lambda: time.clock_gettime(clock)


def _clock() -> float:
    return _clock_of(threading.get_ident())()


_deadlines: ContextVar[tuple[float, float]] = ContextVar("deadlines", default=(math.inf, math.inf))


@contextmanager
def hurry(soft: float, hard: float) -> Iterator[None]:
    """Inside, what only makes results shorter is left out after `soft` seconds, all else after `hard`."""
    now = _clock()
    token = _deadlines.set((now + soft, now + hard))
    try:
        yield
    finally:
        _deadlines.reset(token)


def within(seconds: float, call: Callable[[], Result], *, needed: bool = False) -> Result | None:
    """`call()`, or None when it raises or is still running after `seconds` of its thread's processor time.

    Processor time, so that what is found does not depend on what else the machine is doing.

    Python code is interrupted at its next bytecode; a long call into C finishes first. `needed` says
    which of `hurry`'s two limits holds.
    """
    seconds = min(seconds, _deadlines.get()[needed] - _clock())
    if seconds <= 0:
        return None
    thread = threading.get_ident()
    lock = threading.Lock()
    finished = False

    spent = _clock_of(thread)
    deadline = spent() + seconds
    done = threading.Event()

    def interrupt() -> None:
        while (left := deadline - spent()) > 0:
            if done.wait(max(left, 0.01)):
                return
        while not finished:  # again, should a callback of the interpreter's have swallowed it
            with lock:
                if not finished:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(thread), ctypes.py_object(OutOfPatience)
                    )
            done.wait(RESEND)

    timer = threading.Thread(target=interrupt)
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
        done.set()
    return result

"""Persistent worker processes with a deadline for each job; nothing here knows what a job means.

A job is answered by one or more messages. The time limit runs from the moment a ready worker gets
the job, and starts anew with its first answer. A worker past its deadline is killed and replaced.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

Answer = tuple[int, str, object, float]  # job, kind, content, seconds
Task = Callable[[Any], Iterator[object]]  # a function of a module: workers import it by name

START_LIMIT = 120.0  # seconds for a worker to import the engine
MEMORY_LIMIT = 6 * 2**30  # bytes a worker may address: a runaway simplification spares the machine


@dataclass(frozen=True)
class Failure:
    """Why a job has no answer."""

    why: str


class Worker:
    """One process and our end of its pipe."""

    def __init__(self, task: Task) -> None:
        methods = multiprocessing.get_all_start_methods()
        # Forked from a server that has imported the engine, a replacement starts in milliseconds.
        context: Any = multiprocessing.get_context(
            "forkserver" if "forkserver" in methods else "spawn"
        )
        if hasattr(context, "set_forkserver_preload"):
            context.set_forkserver_preload([task.__module__])
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, task), daemon=True)
        with _plain_start():
            self.process.start()
        theirs.close()
        self.task = task
        self.ready = False
        self.job: int | None = None
        self.answered = False
        self.since = time.monotonic()
        self.deadline = self.since + START_LIMIT

    def give(self, job: int, payload: object, timeout: float) -> None:
        self.job, self.answered = job, False
        self.since = time.monotonic()
        self.deadline = self.since + timeout
        self.connection.send(payload)

    def stop(self) -> int | None:
        """Kills the process, which takes no signal but this one seriously; its exit code."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        return self.process.exitcode


@contextlib.contextmanager
def _plain_start() -> Iterator[None]:
    """Start a process that does not run our caller's main script, and hashes as every run does.

    multiprocessing would import the script as `__mp_main__`: time spent for nothing, and endless
    recursion in a script without a guard. A fixed hash seed makes sympy take the same road in
    every run, so that a verdict cannot come and go.
    """
    main, seed = sys.modules["__main__"], os.environ.get("PYTHONHASHSEED")
    sys.modules["__main__"] = types.ModuleType("__main__")
    os.environ["PYTHONHASHSEED"] = "0"
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if seed is None:
            del os.environ["PYTHONHASHSEED"]
        else:
            os.environ["PYTHONHASHSEED"] = seed


def run(
    task: Task,
    payload: Callable[[int], object],
    order: Iterable[int],
    jobs: int,
    timeout: float,
    on_start: Callable[[int], object],
) -> Iterator[Answer]:
    """(job, "more" | "last" | "failure", content, seconds) as the answers of `task` come in."""
    waiting = list(order)[::-1]
    workers = [Worker(task) for _ in range(min(jobs, len(waiting)))]
    try:
        while waiting or any(worker.job is not None for worker in workers):
            for worker in [w for w in workers if w.ready and w.job is None]:
                if not waiting:
                    break
                job = waiting.pop()
                on_start(job)
                if failure := _hand_out(worker, job, payload, timeout):
                    yield failure
            busy = [w for w in workers if w.job is not None or not w.ready]
            if not busy:
                continue
            patience = max(0.0, min(w.deadline for w in busy) - time.monotonic())
            heard = wait([w.connection for w in busy], patience)
            for worker in busy:
                if worker.connection in heard:
                    answer = _receive(worker, workers, timeout)
                elif time.monotonic() >= worker.deadline:
                    answer = _replace(worker, workers, f"no answer within {timeout:g} s")
                else:
                    continue
                if answer is not None:
                    yield answer
    finally:
        for worker in workers:
            worker.stop()


def _hand_out(
    worker: Worker,
    job: int,
    payload: Callable[[int], object],
    timeout: float,
) -> Answer | None:
    try:
        worker.give(job, payload(job), timeout)
    except OSError:
        return None  # it died while idle; reading from it will say so
    except Exception as error:  # whatever pickle raises: the job cannot be sent
        worker.job = None
        return job, "failure", Failure(f"not sent: {type(error).__name__}: {error}"), 0.0
    return None


def _receive(worker: Worker, workers: list[Worker], timeout: float) -> Answer | None:
    try:
        kind, content = worker.connection.recv()
    except (EOFError, OSError):
        return _replace(worker, workers, None)
    if kind == "ready":
        worker.ready = True
        return None
    job, seconds = worker.job, time.monotonic() - worker.since
    assert job is not None
    if kind == "more":
        if not worker.answered:
            worker.answered, worker.deadline = True, time.monotonic() + timeout
    else:
        worker.job = None
    return job, kind, content, seconds


def _replace(worker: Worker, workers: list[Worker], why: str | None) -> Answer | None:
    """Kill the worker, start another in its place, and report the job that it had."""
    if why is None:
        worker.process.join(5)  # its pipe is closed, so it is ending: wait for the exit code
    code = worker.stop()
    if not worker.ready:
        raise RuntimeError(f"a worker process could not start: {why or f'exit code {code}'}")
    workers[workers.index(worker)] = Worker(worker.task)
    if worker.job is None:
        return None
    failure = Failure(why or f"the worker process died (exit code {code})")
    return worker.job, "failure", failure, time.monotonic() - worker.since


# --- inside a worker --------------------------------------------------------------------------


def _serve(connection: Connection, task: Task) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _limit_memory()
    connection.send(("ready", None))
    while True:
        try:
            parts = task(connection.recv())
            latest: object = next(parts)
            for part in parts:
                connection.send(("more", latest))
                latest = part
            connection.send(("last", latest))
        except EOFError:
            return  # the parent has closed its end: no more jobs
        except Exception as error:  # the engine's own fault must not stop the run
            why = f"{type(error).__name__}: {error}"
            connection.send(("failure", Failure(why[:2000])))


def _end_with_parent() -> None:
    """A worker in a long computation would outlive a parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, hard))

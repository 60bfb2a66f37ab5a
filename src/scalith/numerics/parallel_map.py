"""Work side by side: the one place that makes threads and processes.

One rule: members of an ensemble first, rungs second, loops inside a rung last. Whoever has independent work takes an
``executor`` (the standard `concurrent.futures` interface) and hands it here. Without one the work goes to threads of this
process, one for each core: compiled kernels leave Python's lock. Work that runs side by side already does its own loops one
after the other, so that no more threads are at work than there are cores.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, TypeVar

Result = TypeVar("Result")

_this_thread = threading.local()


def parallel_map(
    function: Callable[..., Result], *iterables: Iterable[Any], executor: Executor | None = None, threads: int | None = None
) -> Iterator[Result]:
    """Results of ``function(*items)`` in the order of the items, as they come.

    Parameters
    ----------
    function : callable
        With an executor of processes or of a cluster, one that can be sent there: defined at the top of a module.
    *iterables : iterable
        Arguments, as for `map`.
    executor : concurrent.futures.Executor, optional
        Where the calls go; threads of this process when not given.
    threads : int, optional
        Without an executor: how many, instead of one for each core; 1 calls one after the other, here.

    Yields
    ------
    object
        An error of a call is raised in its place; calls that have not begun are then dropped.
    """
    if executor is None:
        with workers(threads=threads) as pool:
            yield from pool.map(function, *iterables)
        return
    # One by one, not by the executor's `map`: that of Dask leaves results on the workers until they are read, and what a worker
    # that is lost had finished would be computed again.
    calls = deque(executor.submit(_SideBySide(function), *items) for items in zip(*iterables, strict=False))
    try:
        while calls:
            found = calls[0].result()
            calls.popleft()
            yield found
    finally:
        for call in calls:
            call.cancel()


@contextmanager
def workers(executor: Executor | None = None, *, threads: int | None = None) -> Iterator[Executor]:
    """The executor, or threads of this process that end with the block; within work that runs side by side already, none.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        Handed back as it is; it is the caller's to end.
    threads : int, optional
        How many threads, instead of one for each core.
    """
    if executor is not None:
        yield executor
        return
    count = (os.cpu_count() or 1) if threads is None else threads
    if count <= 1 or getattr(_this_thread, "at_work", False):
        yield _OneAfterTheOther()
        return
    pool = thread_pool(count)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def thread_pool(count: int) -> ThreadPoolExecutor:
    """Threads that know that they work side by side."""
    return ThreadPoolExecutor(count, initializer=_mark_this_thread)


@contextmanager
def process_pool(count: int) -> Iterator[ProcessPoolExecutor]:
    """Processes of this machine, started when first used; the program must guard its main module."""
    # Not forked: numerical libraries hold threads that a fork would copy half.
    # Ctrl-C is this process's to hear; it ends the others.
    pool = ProcessPoolExecutor(count, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN))
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _mark_this_thread() -> None:
    _this_thread.at_work = True


@dataclass(frozen=True)
class _SideBySide:
    """A function that is told, wherever it runs, that others run beside it."""

    function: Callable[..., Any]

    def __call__(self, *arguments: Any) -> Any:
        before = getattr(_this_thread, "at_work", False)
        _this_thread.at_work = True
        try:
            return self.function(*arguments)
        finally:
            _this_thread.at_work = before


class _OneAfterTheOther(Executor):
    """Calls each function as it is handed over, here."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def map(self, fn: Callable[..., Any], *iterables: Iterable[Any], timeout: float | None = None, chunksize: int = 1) -> Any:
        return map(fn, *iterables)

"""One map for threads, processes and clusters: same results in the same order, and no more threads than cores."""

from __future__ import annotations

import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import scalith
from scalith.numerics.parallel_map import parallel_map, process_pool, workers


def times(a, b):
    return a * b


def nested(n):
    """Which threads a map within a map works on, beside its own."""
    here = threading.get_ident()
    return [ident == here for ident in parallel_map(lambda _: threading.get_ident(), range(n))]


@given(some.lists(some.integers(-100, 100), max_size=30), some.sampled_from([None, 1, 3]))
@settings(max_examples=30, deadline=None)
def test_results_are_those_of_map_in_order(values, threads):
    assert list(parallel_map(times, values, values, threads=threads)) == [value * value for value in values]


def test_an_executor_gives_the_same_and_is_left_to_its_owner():
    with ThreadPoolExecutor(2) as pool:
        assert list(parallel_map(times, range(5), range(5), executor=pool)) == [0, 1, 4, 9, 16]
        assert pool.submit(times, 2, 3).result() == 6


def test_threads_are_those_asked_for_and_end(monkeypatch):
    barrier = threading.Barrier(3, timeout=10)
    before = threading.active_count()
    idents = set(parallel_map(lambda _: (barrier.wait(), threading.get_ident())[1], range(3), threads=3))
    assert len(idents) == 3
    assert threading.active_count() == before
    assert set(parallel_map(lambda _: threading.get_ident(), range(5), threads=1)) == {threading.get_ident()}


def test_what_runs_side_by_side_does_its_own_loops_alone():
    assert all(all(found) for found in parallel_map(nested, [3, 3], threads=2))
    with ThreadPoolExecutor(2) as pool:
        assert all(all(found) for found in parallel_map(nested, [3, 3], executor=pool))
        # The mark ends with the call: these threads are their owner's.
        assert not any(pool.submit(nested, 3).result()) or (os.cpu_count() or 1) == 1


def test_an_error_is_raised_in_its_place_and_the_rest_is_dropped():
    begun = []

    def fail(n):
        begun.append(n)
        time.sleep(0.02)
        if n == 1:
            raise ValueError("the second")
        return n

    found = parallel_map(fail, range(1000), threads=2)
    assert next(found) == 0
    with pytest.raises(ValueError, match="the second"):
        next(found)
    assert len(begun) < 100


@pytest.mark.parametrize("threads", [1, 2])
def test_results_come_as_they_are_found(threads):
    """The first does not wait for the last."""
    go = threading.Event()
    found = parallel_map(lambda n: n if n == 0 else go.wait(10), range(2), threads=threads)
    assert next(found) == 0
    go.set()
    assert next(found) is True


def test_work_may_be_handed_over_one_by_one():
    for threads in (1, 2):
        with workers(threads=threads) as pool:
            futures = [pool.submit(times, n, n) for n in range(4)]
            assert [future.result() for future in futures] == [0, 1, 4, 9]
            failed = pool.submit(times, None, None)
            with pytest.raises(TypeError):
                failed.result()


def test_processes_give_the_same():
    with process_pool(2) as pool:
        assert list(parallel_map(times, range(4), range(4), executor=pool)) == [0, 1, 4, 9]


def test_nobody_else_makes_pools():
    """But the explorer, whose server answers one request while it computes for another."""
    root = Path(scalith.__file__).parent
    made = re.compile(r"(?<!class )\b(?:ThreadPoolExecutor|ProcessPoolExecutor|Pool|Thread|Process)\(")
    makers = [path.relative_to(root).as_posix() for path in root.rglob("*.py") if made.search(path.read_text(encoding="utf-8"))]
    assert sorted(makers) == ["app/server.py", "app/serving.py", "numerics/parallel_map.py"]

"""Time slices: what a thread asks for it gets, where the kernel knows of them."""

import pathlib
import threading

import pytest

from actors.runtime.scheduling import DEFAULT_SLICE_NS, SHORT_SLICE_NS, set_slice


def slice_ns() -> int:
    """The slice of the calling thread, proc(5)."""
    lines = pathlib.Path(f"/proc/self/task/{threading.get_native_id()}/sched").read_text()
    return next(int(line.split(":")[1]) for line in lines.splitlines() if "se.slice" in line)


def on_a_thread(function):
    """What ``function`` returns on a thread of its own."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


@pytest.fixture
def kernel_with_slices():
    try:
        before, taken, after = on_a_thread(
            lambda: (slice_ns(), set_slice(SHORT_SLICE_NS), slice_ns()))
    except (OSError, StopIteration):
        pytest.skip("this kernel does not show slices in /proc/self/sched")
    if not taken or after == before:
        pytest.skip("this kernel gives no slices of one's own (Linux 6.12 does)")


def test_a_thread_gets_a_short_slice_and_threads_it_starts_too(kernel_with_slices):
    def nested():
        set_slice(SHORT_SLICE_NS)
        return slice_ns(), on_a_thread(slice_ns)

    assert on_a_thread(nested) == (SHORT_SLICE_NS, SHORT_SLICE_NS)


def test_the_kernels_own_slice_comes_back(kernel_with_slices):
    def there_and_back():
        before = slice_ns()
        set_slice(SHORT_SLICE_NS)
        set_slice(DEFAULT_SLICE_NS)
        return before, slice_ns()

    before, after = on_a_thread(there_and_back)
    assert before == after > SHORT_SLICE_NS

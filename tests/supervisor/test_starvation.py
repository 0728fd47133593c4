"""A thread that waits for a core is told from one that hangs."""

import os
import signal
import subprocess
import sys

import pytest

from actors.supervisor.starvation import StarvationWatch
from tests.runtime.deployments import eventually


@pytest.fixture
def spinner():
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield process.pid
    process.kill()
    process.wait()


def looks(pid, n=20):
    watch = StarvationWatch()
    return [watch.starved(pid, pid, 1) for _ in range(n)]


def test_a_heartbeat_that_moves_is_never_starved():
    watch = StarvationWatch()
    assert not any(watch.starved(os.getpid(), os.getpid(), beat) for beat in range(50))


def test_a_stopped_thread_is_not_starved(spinner):
    os.kill(spinner, signal.SIGSTOP)
    eventually(lambda: " T " in open(f"/proc/{spinner}/stat").read())
    assert not any(looks(spinner))


def test_a_sleeping_thread_is_not_starved():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        eventually(lambda: ") S " in open(f"/proc/{process.pid}/stat").read())
        assert not any(looks(process.pid))
    finally:
        process.kill()
        process.wait()


def test_a_thread_that_runs_without_a_heartbeat_is_not_starved_for_long(spinner):
    watch = StarvationWatch()
    for _ in range(2):  # the first looks have nothing to compare with
        watch.starved(spinner, spinner, 1)
    eventually(lambda: not watch.starved(spinner, spinner, 1), what="a look that found it running")


def test_a_thread_behind_a_busier_one_on_its_core_is_starved_now_and_then(spinner):
    core = min(os.sched_getaffinity(0))
    rival = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        for pid in (spinner, rival.pid):
            os.sched_setaffinity(pid, {core})
        watch = StarvationWatch()
        eventually(lambda: watch.starved(spinner, spinner, 1), what="a wait for the core")
    finally:
        rival.kill()
        rival.wait()


def test_a_thread_that_is_gone_is_not_starved():
    assert not any(looks(2**22 - 1))

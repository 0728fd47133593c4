"""The operating-system processes of a deployment: found by what they carry, ended for certain."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable

from actors.runtime.pids import is_alive

__all__ = ["DEPLOYMENT_VARIABLE", "deployment_environment", "end_processes", "processes_of",
           "wait_for_end"]

DEPLOYMENT_VARIABLE = "PITWIRE_DEPLOYMENT"
"""Environment variable that every process of a deployment inherits: the path of its run folder."""


def deployment_environment(run_dir: str | os.PathLike[str]) -> dict[str, str]:
    """The environment for the supervisor of the deployment in ``run_dir`` and all it starts."""
    return {**os.environ, DEPLOYMENT_VARIABLE: os.fspath(run_dir)}


def processes_of(run_dir: str | os.PathLike[str]) -> list[int]:
    """Pids of all living processes of the deployment in ``run_dir``, but not of the caller."""
    mark = f"{DEPLOYMENT_VARIABLE}={os.fspath(run_dir)}".encode()
    pids = (int(name) for name in os.listdir("/proc") if name.isdigit())
    return sorted(pid for pid in pids if pid != os.getpid() and _carries(pid, mark))


def _carries(pid: int, mark: bytes) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return mark in file.read().split(b"\0") and is_alive(pid)
    except OSError:
        return False


def wait_for_end(pids: Iterable[int], timeout: float) -> list[int]:
    """Waits up to ``timeout`` s for the processes to end; returns those that still run."""
    deadline = time.monotonic() + timeout
    return [pid for pid in pids if not _ends(pid, max(deadline - time.monotonic(), 0.0))]


def _ends(pid: int, timeout: float) -> bool:
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        return bool(poller.poll(timeout * 1000)) or not is_alive(pid)
    finally:
        os.close(fd)


def end_processes(run_dir: str | os.PathLike[str], grace: float) -> tuple[int, int]:
    """Ends every process of the deployment: SIGTERM, then after ``grace`` s SIGKILL.

    Returns how many ended by themselves or on SIGTERM, and how many had to be killed.
    """
    told = processes_of(run_dir) if grace > 0 else []
    _send(told, signal.SIGTERM)
    left = wait_for_end(told, grace)
    killed: set[int] = set()
    for _ in range(5):  # what was forked meanwhile is found by the next look
        living = processes_of(run_dir)
        if not living:
            break
        killed.update(living)
        _send(living, signal.SIGKILL)
        wait_for_end(living, 1.0)
    return len(told) - len(left), len(killed)


def _send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

"""``pitwire down``: the end of a deployment, from outside."""

from __future__ import annotations

import os
import signal
import time

from actors.runtime.pids import is_alive
from actors.supervisor import ControlClient, ControlError
from launcher.operate.deployment import Deployment, not_running
from launcher.operate.folders import RunLock, clean_leftovers, is_locked, lock_holder
from launcher.operate.processes import end_processes, processes_of

__all__ = ["bring_down"]

_ORDERLY_S = 6.0     # the supervisor kills what lingers long before
_LEFTOVER_GRACE_S = 1.5
_POLL_S = 0.01


def bring_down(deployment: Deployment) -> str:
    """Ends the deployment in good order, or, if nobody looks after it any more, somehow.

    Returns how it went, in a sentence. :class:`Failure` with NOT_RUNNING if nothing is to be ended.
    """
    run_dir, name = deployment.run_dir, deployment.plan.name
    living = processes_of(run_dir)
    if not is_locked(run_dir) and not living:
        clean_leftovers(run_dir, deployment.plan.shm_dir)
        raise not_running(deployment.topology)
    began = time.monotonic()
    orderly = _asked_to_stop(deployment) and _wait_unlocked(run_dir)
    ended, killed = end_processes(run_dir, 0.0 if orderly else _LEFTOVER_GRACE_S)
    _wait_unlocked(run_dir, 1.0)
    lock = RunLock(run_dir)
    try:
        if lock.take():  # else whoever followed the run cleans up, or somebody started it anew
            clean_leftovers(run_dir, deployment.plan.shm_dir)
    finally:
        lock.close()
    took = f"in {time.monotonic() - began:.1f} s"
    if orderly and not killed:
        return f"{name} stopped {took}"
    return (f"{name} had no supervisor that answers: {ended} processes stopped and {killed} "
            f"killed {took}")


def _asked_to_stop(deployment: Deployment) -> bool:
    """Whether the supervisor could be told."""
    try:
        with ControlClient(deployment.run_dir, timeout=1.0) as client:
            client.shutdown("pitwire down")
        return True
    except ControlError:
        pass
    pid = lock_holder(deployment.run_dir)  # not at its socket yet, or no more
    if pid not in processes_of(deployment.run_dir):
        return False
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    return is_alive(pid)


def _wait_unlocked(run_dir: os.PathLike[str], timeout: float = _ORDERLY_S) -> bool:
    deadline = time.monotonic() + timeout
    while is_locked(run_dir):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True

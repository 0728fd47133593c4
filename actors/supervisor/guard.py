"""Who may supervise a deployment, and who follows it: one process each, by locks in its run folder.

The supervisor holds ``supervisor.lock`` as long as it lives, so there are never two: one that is
stopped still has it, and has to be killed before another may begin. A launcher that follows a run
holds ``launcher.lock``; the supervisor sees when it is let go.
"""

from __future__ import annotations

import os
import pathlib
import time

from actors.runtime.file_lock import FileLock, is_locked

__all__ = ["ABANDONED", "BACKGROUND", "FOLLOWED", "RUN_LOCK", "STATE_FILE", "is_followed",
           "launcher_lock", "supervisor_pid", "take_supervision"]

STATE_FILE = "supervisor.state"  # what a supervisor knew, in the shared memory folder
RUN_LOCK = "lock"  # held by all that live of a deployment, see launcher.operate.folders
_SUPERVISOR_LOCK = "supervisor.lock"
_LAUNCHER_LOCK = "launcher.lock"
_POLL_S = 0.005

# The word ``detached`` of the deployment page: who looks at the deployment from outside.
FOLLOWED = 0    # a launcher follows it to its end and cleans up
BACKGROUND = 1  # nobody, as was wanted
ABANDONED = 2   # nobody: its launcher was killed, and it goes on


def take_supervision(run_dir: str | os.PathLike[str], timeout: float = 2.0) -> FileLock | None:
    """The lock of the supervisor, once it is free; None if it is not within ``timeout`` s. Not
    inherited by programs; a process forked with it has to close it."""
    lock = FileLock(pathlib.Path(run_dir) / _SUPERVISOR_LOCK)
    deadline = time.monotonic() + timeout
    while not lock.take():
        if time.monotonic() > deadline:
            lock.close()
            return None
        time.sleep(_POLL_S)
    lock.note(str(os.getpid()))
    return lock


def supervisor_pid(run_dir: str | os.PathLike[str]) -> int:
    """The pid of the supervisor that has the deployment; 0 if none does."""
    path = pathlib.Path(run_dir) / _SUPERVISOR_LOCK
    if not is_locked(path):
        return 0
    try:
        return int(path.read_text().strip() or 0)
    except (OSError, ValueError):
        return 0


def launcher_lock(run_dir: str | os.PathLike[str]) -> FileLock:
    """The lock of the launcher that follows the deployment, not taken yet."""
    return FileLock(pathlib.Path(run_dir) / _LAUNCHER_LOCK)


def is_followed(run_dir: str | os.PathLike[str]) -> bool:
    """Whether a launcher follows the deployment."""
    return is_locked(pathlib.Path(run_dir) / _LAUNCHER_LOCK)

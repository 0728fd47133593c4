"""A deployment's folders: made for a run, locked while it lasts, cleaned after it.

The lock is an open-file-description lock on ``<run_dir>/lock`` that the supervisor and all that it
starts inherit: it is held as long as one of them lives, and the kernel lets go of it in every kind
of death. Anyone may ask whether it is held without taking it.
"""

from __future__ import annotations

import fcntl
import os
import pathlib
import shutil
import stat
import struct

from actors.runtime.plan import Plan
from actors.supervisor.events import EVENTS_FOLDER, POST_MORTEM_FOLDER
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode

__all__ = ["PLAN_FILE", "RunLock", "clean_leftovers", "is_locked", "lock_holder", "prepare_folders"]

PLAN_FILE = "plan.json"

_LOCK_FILE = "lock"
_FLOCK = struct.Struct("hhqqi4x")  # struct flock of fcntl(2) on 64-bit Linux
_WHOLE_FILE_WRITE = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


class RunLock:
    """The lock of one deployment. Held until every process that has its descriptor is gone."""

    def __init__(self, run_dir: str | os.PathLike[str]):
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._fd = os.open(pathlib.Path(run_dir) / _LOCK_FILE, flags, 0o600)

    @property
    def fd(self) -> int:
        """The descriptor to pass on to the supervisor."""
        return self._fd

    def take(self) -> bool:
        """Whether the lock could be taken; it could not if the deployment runs."""
        try:
            fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, _WHOLE_FILE_WRITE)
        except OSError:
            return False
        return True

    def note_holder(self, pid: int) -> None:
        """Leaves the pid that others should be told of."""
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{pid}\n".encode(), 0)

    def close(self) -> None:
        """Lets go, as far as this process is concerned."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def is_locked(run_dir: str | os.PathLike[str]) -> bool:
    """Whether the deployment in ``run_dir`` runs."""
    try:
        fd = os.open(pathlib.Path(run_dir) / _LOCK_FILE, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        asked = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _WHOLE_FILE_WRITE)
        return _FLOCK.unpack(asked)[0] != fcntl.F_UNLCK
    finally:
        os.close(fd)


def lock_holder(run_dir: str | os.PathLike[str]) -> int:
    """The pid noted in the lock; 0 if there is none."""
    try:
        return int((pathlib.Path(run_dir) / _LOCK_FILE).read_text().strip() or 0)
    except (OSError, ValueError):
        return 0


def prepare_folders(plan: Plan) -> None:
    """Makes the run folder and the shared memory folder of a new run and writes the plan.

    Both are the user's alone (mode 0700). The logs, events and post-mortems of the run before are
    kept beside the new ones.
    :class:`Failure` if a folder cannot be made or belongs to somebody else.
    """
    run_dir, shm_dir = pathlib.Path(plan.run_dir), pathlib.Path(plan.shm_dir)
    for folder in (run_dir.parent, run_dir, shm_dir):
        _own_folder(folder, private=folder is not run_dir.parent)
    for name in ("logs", EVENTS_FOLDER, POST_MORTEM_FOLDER):
        folder, previous = run_dir / name, run_dir / f"{name}.previous"
        if folder.is_dir() and any(folder.iterdir()):
            shutil.rmtree(previous, ignore_errors=True)
            folder.rename(previous)
    (run_dir / "logs").mkdir(mode=0o700, exist_ok=True)
    written = run_dir / f"{PLAN_FILE}.new"
    written.write_text(plan.to_json(indent=1))
    written.replace(run_dir / PLAN_FILE)


def _own_folder(folder: pathlib.Path, private: bool) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = folder.stat().st_uid
        if private and owner == os.getuid():
            folder.chmod(0o700)
    except OSError as error:
        raise Failure(f"cannot make the folder {folder}: {error.strerror}",
                      "set PITWIRE_RUNTIME_DIR to a folder that can be written",
                      ExitCode.START_FAILED) from None
    if private and owner != os.getuid():
        raise Failure(f"the folder {folder} belongs to another user (uid {owner})",
                      "set PITWIRE_RUNTIME_DIR to a folder of your own", ExitCode.START_FAILED)


def clean_leftovers(run_dir: str | os.PathLike[str], shm_dir: str | os.PathLike[str]) -> None:
    """Removes the sockets and the shared memory of a run that is over. Logs and plan stay."""
    shutil.rmtree(shm_dir, ignore_errors=True)
    try:
        entries = list(os.scandir(run_dir))
    except FileNotFoundError:
        return
    for entry in entries:
        if stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
            pathlib.Path(entry.path).unlink(missing_ok=True)

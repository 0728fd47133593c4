"""A deployment's folders: made for a run, locked while it lasts, cleaned after it.

The lock on ``<run_dir>/lock`` is inherited by the supervisor and all that it starts: it is held as
long as one of them lives, and the kernel lets go of it in every kind of death. It is shared by
families of processes: those of the first launcher, and those of one that took over what it left.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import stat

from actors.runtime import file_lock
from actors.runtime.file_lock import FileLock
from actors.runtime.plan import Plan
from actors.supervisor.events import EVENTS_FOLDER, POST_MORTEM_FOLDER
from actors.supervisor.guard import RUN_LOCK, supervisor_pid
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode

__all__ = ["PLAN_FILE", "RunLock", "clean_leftovers", "is_locked", "lock_holder", "prepare_folders"]

PLAN_FILE = "plan.json"


class RunLock(FileLock):
    """The lock of one deployment. Held until every process that has its descriptor is gone."""

    def __init__(self, run_dir: str | os.PathLike[str]):
        super().__init__(pathlib.Path(run_dir) / RUN_LOCK)

    def take(self) -> bool:
        """Whether the lock could be taken; it could not if the deployment runs. From then on others
        may :meth:`join`."""
        return super().take() and self.share()

    def join(self) -> bool:
        """Whether this process now belongs to the deployment that runs."""
        return self.share()


def is_locked(run_dir: str | os.PathLike[str]) -> bool:
    """Whether the deployment in ``run_dir`` runs."""
    return file_lock.is_locked(pathlib.Path(run_dir) / RUN_LOCK)


def lock_holder(run_dir: str | os.PathLike[str]) -> int:
    """The pid of the supervisor, or until there is one of who started it; 0 if there is none."""
    pid = supervisor_pid(run_dir)
    if pid:
        return pid
    try:
        return int((pathlib.Path(run_dir) / RUN_LOCK).read_text().strip() or 0)
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

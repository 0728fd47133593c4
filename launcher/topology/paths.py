"""Where a deployment keeps its sockets, logs and shared memory.

Both folders are named after the topology file's absolute path, so that several deployments run side
by side, and a deployment is found again from its file even when that can no longer be parsed.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
from dataclasses import dataclass

__all__ = ["EPOCH_SUFFIX", "MAX_SOCKET_PATH", "RunFolders", "deployment_folders",
           "existing_run_dir", "ipc_address", "runtime_base", "wire_path_room"]

MAX_SOCKET_PATH = 107
"""Bytes in the path of a Unix socket on Linux (``sun_path``, unix(7)), its closing 0 left out."""

EPOCH_SUFFIX = len(".4294967295")
"""Room for the consumer's epoch, which the runtime appends to an ipc address."""

SHM_ROOT = pathlib.Path("/dev/shm")


@dataclass(frozen=True)
class RunFolders:
    """The two folders of one deployment: for files and sockets, and for shared memory."""

    run_dir: pathlib.Path
    shm_dir: pathlib.Path


def runtime_base() -> pathlib.Path:
    """The folder of all deployments of this user: ``$PITWIRE_RUNTIME_DIR``, else
    ``$XDG_RUNTIME_DIR/pitwire`` if that can be written, else ``/tmp/pitwire-<uid>``."""
    chosen = os.environ.get("PITWIRE_RUNTIME_DIR")
    if chosen:
        return pathlib.Path(chosen).absolute()
    session = os.environ.get("XDG_RUNTIME_DIR")
    if session and os.path.isdir(session) and os.access(session, os.W_OK | os.X_OK):
        return pathlib.Path(session).absolute() / "pitwire"
    return pathlib.Path(f"/tmp/pitwire-{os.getuid()}")


def _hash8(path: pathlib.Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def deployment_folders(name: str, topology: str | os.PathLike[str]) -> RunFolders:
    """The folders of the deployment called ``name`` that the file ``topology`` describes.

    The shared memory's name carries the hash of the run folder, so that deployments of one file
    under two values of ``$PITWIRE_RUNTIME_DIR`` do not meet.
    """
    run_dir = runtime_base() / f"{name}-{_hash8(pathlib.Path(topology).resolve())}"
    if SHM_ROOT.is_dir() and os.access(SHM_ROOT, os.W_OK | os.X_OK):
        return RunFolders(run_dir, SHM_ROOT / f"pitwire-{os.getuid()}-{name}-{_hash8(run_dir)}")
    return RunFolders(run_dir, run_dir / "shm")


def existing_run_dir(topology: str | os.PathLike[str]) -> pathlib.Path | None:
    """The run folder that a deployment of this file has made, whatever the file says by now.

    The newest, if the deployment was renamed; None if it never ran.
    """
    found = list(runtime_base().glob(f"*-{_hash8(pathlib.Path(topology).resolve())}"))
    return max(found, key=lambda folder: folder.stat().st_mtime, default=None)


def ipc_address(run_dir: pathlib.Path, index: int) -> str:
    """The stem of the socket paths of wire ``index``; the runtime appends the epoch."""
    return str(run_dir / f"w{index}")


def wire_path_room(stem: str) -> int:
    """How many bytes the longest socket path that starts with ``stem`` may still grow."""
    return MAX_SOCKET_PATH - EPOCH_SUFFIX - len(os.fsencode(stem))

"""The halt that lasts: a file in the run folder, which no restart and no ``down`` removes."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import time
from dataclasses import asdict, dataclass

__all__ = ["HALT_FILE", "Latch", "is_latched", "release", "set_latch"]

HALT_FILE = "halted.json"


@dataclass(frozen=True)
class Latch:
    """Why trading is halted, by whom, and since when (ns since 1970)."""

    reason: str
    by: str
    since_ns: int


def set_latch(run_dir: str | os.PathLike[str], reason: str, by: str) -> Latch:
    """Halts for good. The file is whole and on the disk when this returns. A halt that lasts
    already keeps its reason."""
    before = is_latched(run_dir)
    if before is not None:
        return before
    latch = Latch(reason, by, time.time_ns())
    path = pathlib.Path(run_dir) / HALT_FILE
    written = path.with_suffix(f".{os.getpid()}")
    with written.open("w") as file:
        json.dump(asdict(latch), file)
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)
    return latch


def is_latched(run_dir: str | os.PathLike[str]) -> Latch | None:
    """The halt in force; None if there is none. A file that says nothing readable halts too."""
    path = pathlib.Path(run_dir) / HALT_FILE
    try:
        return Latch(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        return Latch(f"{path} cannot be read: {error}", "somebody", 0)


def release(run_dir: str | os.PathLike[str]) -> Latch | None:
    """Ends the halt. Returns which one it was."""
    latch = is_latched(run_dir)
    with contextlib.suppress(FileNotFoundError):
        (pathlib.Path(run_dir) / HALT_FILE).unlink()
    return latch

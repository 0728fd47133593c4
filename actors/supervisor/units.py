"""What is compiled before a deployment runs: its actors' handlers and the runtime's kernels."""

from __future__ import annotations

import json
import pathlib
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass

__all__ = ["ImportFailure", "Unit", "class_paths", "load_units"]


@dataclass(frozen=True)
class Unit:
    """One thing to compile. ``compile()`` returns whether the cache on disk had it already."""

    name: str
    compile: Callable[[], bool]


@dataclass(frozen=True)
class ImportFailure:
    """An actor class that cannot be had, and the last line of what Python said."""

    class_path: str
    reason: str


def class_paths(plan_path: str) -> tuple[list[str], list[str]]:
    """The actor classes of a plan and the folders to import from; reads no more than that."""
    plan = json.loads(pathlib.Path(plan_path).read_text())
    paths = dict.fromkeys(actor["class_path"] for actor in plan["actors"])
    return list(paths), list(plan.get("python_path", ()))


def load_units(paths: Iterable[str], python_path: Iterable[str]) -> tuple[list[Unit],
                                                                           list[ImportFailure]]:
    """Imports the actor classes at ``paths`` and lists all there is to compile, each once.

    The list is the same in every process that asks: workers name units by their place in it.
    """
    import numpy.ma  # noqa: F401  Numba asks for it at its first call; forked children have it then

    from actors.runtime.host import ActorError, load_class

    sys.path.extend(folder for folder in python_path if folder not in sys.path)
    units, failures = {unit.name: unit for unit in _runtime_units()}, []
    for path in paths:
        try:
            for handler in load_class(path).handlers():
                units.setdefault(handler.name, Unit(handler.name, handler.compile))
        except ActorError as error:
            failures.append(ImportFailure(path, str(error)))
        except (Exception, SystemExit) as error:  # whatever a module does when imported
            last_line = traceback.format_exception_only(error)[-1].strip()
            failures.append(ImportFailure(path, f"class {path}: {last_line}"))
    return list(units.values()), failures


def _runtime_units() -> list[Unit]:
    """The reactor, and what plain Python calls of the runtime; all take and give int64."""
    from actors.runtime import histogram, reactor, wire
    from actors.runtime.journal import kernels as journal

    called = ((reactor.run, 1), (reactor.serve_outputs, 1), (reactor.is_blocked, 1),
              (wire.claim, 2), (wire.commit, 2), (wire.abort, 2), (wire.take, 2),
              (wire.release, 1), (wire.adopt_producer, 1), (histogram.record_ns, 2),
              (journal.scan, 5), (journal.find_record, 5), (journal.hash_bytes, 3),
              (journal.append_record, 5))
    return [_kernel_unit(kernel, arguments) for kernel, arguments in called]


def _kernel_unit(kernel, arguments: int) -> Unit:
    from numba import types

    signature = (types.int64,) * arguments

    def compile_it() -> bool:
        misses = sum(kernel.stats.cache_misses.values())
        kernel.compile(signature)
        return sum(kernel.stats.cache_misses.values()) == misses

    return Unit(f"{kernel.py_func.__module__}.{kernel.py_func.__qualname__}", compile_it)

"""Compiles a deployment's kernels into the cache on disk, on all cores.

Workers are processes of their own: compiling holds the interpreter's lock. Each imports the actor
classes, says how many units there are, and then compiles those it is told to, one at a time, so
that whoever is free takes the next.

``python -m actors.supervisor.warm PLAN`` does it by hand.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from actors.supervisor.parentage import die_with_parent
from actors.supervisor.units import class_paths, load_units

__all__ = ["Progress", "WarmResult", "warm_up"]


@dataclass(frozen=True)
class Progress:
    """How far it is: ``done`` of ``total`` units; ``compiled`` were not in the cache."""

    done: int
    total: int
    compiled: int
    name: str


@dataclass
class WarmResult:
    """What came of it. ``failures`` maps a unit's name to the last line of the compiler's error."""

    compiled: int = 0
    cached: int = 0
    seconds: float = 0.0
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return self.compiled + self.cached + len(self.failures)


def warm_up(plan_path: str | os.PathLike[str], workers: int | None = None,
         progress: Callable[[Progress], None] = lambda _: None) -> WarmResult:
    """Compiles what the plan at ``plan_path`` needs and the cache lacks.

    ``workers``: one for each core by default. ``progress`` is called after each unit. RuntimeError
    if the workers die.
    """
    began = time.monotonic()
    count = workers or len(os.sched_getaffinity(0))
    pool = [_Worker(os.fspath(plan_path)) for _ in range(count)]
    try:
        result = _share_out(pool, progress)
    finally:
        for worker in pool:
            worker.end()
    result.seconds = time.monotonic() - began
    return result


class _Worker:
    """A compiling process; it answers each line with a line of JSON."""

    def __init__(self, plan_path: str):
        command = [sys.executable, "-m", "actors.supervisor.warm", "--worker", plan_path]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL, text=True)
        self.busy = True

    def fileno(self) -> int:
        return self._process.stdout.fileno()

    def give(self, unit: int) -> None:
        self._process.stdin.write(f"{unit}\n")
        self._process.stdin.flush()
        self.busy = True

    def answer(self) -> dict | None:
        """The next answer; None if the worker died. One answer follows each question."""
        line = self._process.stdout.readline()
        self.busy = False
        return json.loads(line) if line.endswith("\n") else None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


def _share_out(pool: list[_Worker], progress: Callable[[Progress], None]) -> WarmResult:
    result, total, given = WarmResult(), None, 0
    while total is None or result.done < total:
        for worker in select.select([w for w in pool if w.busy], [], [])[0]:
            answer = worker.answer()
            if answer is None:
                raise RuntimeError("a compiling process died; is there enough memory?")
            if "total" in answer:
                total = answer["total"]
            else:
                _enter(result, answer)
                progress(Progress(result.done, total, result.compiled, answer["name"]))
            if given < total:
                worker.give(given)
                given += 1
    return result


def _enter(result: WarmResult, answer: dict) -> None:
    if answer.get("error"):
        result.failures[answer["name"]] = answer["error"]
    elif answer["cached"]:
        result.cached += 1
    else:
        result.compiled += 1


def _work(plan_path: str) -> None:
    """A worker's life: until its standard input ends, or its parent does."""
    die_with_parent(os.getppid())
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what modules print when imported is no answer
    units, _ = load_units(*class_paths(plan_path))
    print(json.dumps({"total": len(units)}), file=answers, flush=True)
    for line in sys.stdin:
        unit = units[int(line)]
        answer = {"name": unit.name, "cached": False, "error": ""}
        try:
            answer["cached"] = unit.compile()
        except Exception as error:  # numba's errors are many; the actor that needs it will fail
            answer["error"] = str(error).strip().splitlines()[-1] if str(error) else repr(error)
        print(json.dumps(answer), file=answers, flush=True)


def main(argv: list[str]) -> int:
    """Entry of ``python -m actors.supervisor.warm [--workers N] PLAN``."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m actors.supervisor.warm",
                                     description="Compile a deployment's kernels ahead.")
    parser.add_argument("plan", help="the plan's JSON file")
    parser.add_argument("--workers", type=int, help="compile in so many processes at once")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    said = parser.parse_args(argv)
    if said.worker:
        _work(said.plan)
        return 0
    result = warm_up(said.plan, said.workers,
                  lambda p: print(f"\r\033[K{p.done}/{p.total} {p.name}", end="", file=sys.stderr))
    print(file=sys.stderr)
    for name, reason in result.failures.items():
        print(f"{name}: {reason}", file=sys.stderr)
    print(f"{result.compiled} compiled, {result.cached} found in the cache, "
          f"{result.seconds:.1f} s")
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

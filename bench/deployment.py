"""Runs a topology for a while, as a user would, and returns its report."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile

__all__ = ["run_deployment"]

TOPOLOGIES = pathlib.Path(__file__).resolve().parent / "topologies"


def run_deployment(name: str, seconds: float) -> dict:
    """The report of ``bench/topologies/<name>.yaml`` after ``seconds`` of trading.

    RuntimeError with the end of the run's output if it failed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        report = pathlib.Path(scratch) / "report.json"
        run = subprocess.run(
            [sys.executable, "-m", "launcher", "-f", str(TOPOLOGIES / f"{name}.yaml"), "up",
             "--for", f"{seconds:g}s", "--report", str(report)],
            capture_output=True, text=True, timeout=seconds + 180)
        if run.returncode != 0 or not report.exists():
            tail = "\n".join((run.stdout + run.stderr).splitlines()[-15:])
            raise RuntimeError(f"{name}: exit status {run.returncode}\n{tail}")
        return json.loads(report.read_text())

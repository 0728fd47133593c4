"""What machine a benchmark ran on."""

from __future__ import annotations

import os
import pathlib
import platform

import numba
import numpy
import zmq

__all__ = ["describe"]


def describe() -> dict[str, str | int]:
    """Processor, cores, kernel and library versions."""
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {"processor": model, "cores": os.cpu_count() or 0, "kernel": platform.release(),
            "python": platform.python_version(), "numba": numba.__version__,
            "numpy": numpy.__version__, "libzmq": zmq.zmq_version()}

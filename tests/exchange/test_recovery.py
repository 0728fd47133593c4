"""The exchange is killed and comes back with everything: orders, numbers, sessions, the market."""

import os
import shutil
import signal

import numpy as np
import pytest

from actors.exchange.durability import DURABILITY
from actors.runtime.vitals import map_table
from tests.exchange.venues import RunningExchange
from tests.runtime.deployments import eventually


def _durability(exchange) -> np.ndarray:
    return map_table(exchange.plan.shm_dir, "exchange", "durability", DURABILITY, (1,))[0]


def test_smoke(tmp_path):
    with RunningExchange(tmp_path, flow={"rate": 2000}) as exchange:
        print(_durability(exchange))
        print(exchange.log_lines()[-3:])
        import subprocess, sys
        print(subprocess.run([sys.executable, "-m", "launcher", "journal", "show", str(tmp_path/"run/journal/exchange"), "--count", "5"], capture_output=True, text=True))
        assert 0

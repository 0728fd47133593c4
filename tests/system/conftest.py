"""System tests compile the kernels first, once, which takes as long as it takes."""

import subprocess
import sys

import pytest

from tests.system.cli import CHECKOUT

_WHILE_COMPILING_S = 1800


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("system"):
            item.add_marker(pytest.mark.timeout(_WHILE_COMPILING_S))


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels(tmp_path_factory):
    """All kernels of the shipped actors are on disk."""
    from launcher.topology import load_plan

    plan = tmp_path_factory.mktemp("plan") / "plan.json"
    plan.write_text(load_plan(CHECKOUT / "topology.yaml").to_json())
    subprocess.run([sys.executable, "-m", "actors.supervisor.warm", str(plan)], check=True,
                   cwd=CHECKOUT)

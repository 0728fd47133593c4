"""The topology file: loaded, checked, and resolved into the plan of a deployment."""

from launcher.topology.check import Checked, check_topology, load_plan
from launcher.topology.paths import RunFolders, deployment_folders, existing_run_dir, runtime_base
from launcher.topology.plan import summary
from launcher.problems import Problem, TopologyInvalid

__all__ = [
    "Checked", "Problem", "RunFolders", "TopologyInvalid", "check_topology", "deployment_folders",
    "existing_run_dir", "load_plan", "runtime_base", "summary",
]

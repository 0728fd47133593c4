"""The command line as a user has it: real processes, a runtime folder of one's own."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from click.testing import CliRunner, Result

from launcher.cli import cli
from launcher.operate.processes import processes_of

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]

RELAYS = """
version: 1
name: {name}
symbols: [A, B, C, D]
defaults: {{backoff: {{initial: 10ms, max: 50ms}}}}
actors:
  source: {{class: "tests.runtime.relay_actors:Source", config: {{limit: 1000000000}}}}
  relay: {{class: "tests.runtime.relay_actors:Relay", inputs: {{numbers: source/numbers}}}}
  sink: {{class: "tests.runtime.relay_actors:Sink", inputs: {{numbers: relay/numbers}}}}
"""


class Cli:
    """Runs ``pitwire`` on one topology, in a folder and with a runtime folder of its own."""

    def __init__(self, folder: pathlib.Path, topology: str):
        self.folder = folder
        self.topology = folder / "topology.yaml"
        self.topology.write_text(topology)
        self._followed: list[subprocess.Popen] = []
        self.environment = {"PITWIRE_RUNTIME_DIR": str(folder / "run"),
                            "PYTHONPATH": str(CHECKOUT), "COLUMNS": "160"}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "launcher", "-f", str(self.topology), *words]

    def __call__(self, *words: str, code: int | None = 0, **options) -> Result:
        """Runs a verb to its end, in this process; the test fails unless it exits with ``code``."""
        done = CliRunner().invoke(cli, ["-f", str(self.topology), *words], prog_name="pitwire",
                                  env=self.environment, **options)
        if code is not None and done.exit_code != code:
            raise AssertionError(f"pitwire {' '.join(words)}: exit code {done.exit_code}, not "
                                 f"{code}\n{done.output}\n{done.exception!r}")
        return done

    def process(self, *words: str, timeout: float = 600, **options) -> subprocess.CompletedProcess:
        """Runs a verb to its end in a process of its own."""
        return subprocess.run(self.command(*words), capture_output=True, text=True, check=False,
                              timeout=timeout, env={**os.environ, **self.environment},
                              cwd=self.folder, **options)

    def json(self, *words: str):
        """What a verb prints with ``--json``."""
        return json.loads(self(*words, "--json").stdout)

    def ps(self) -> dict[str, dict]:
        """The rows of ``ps`` by actor."""
        return {row["actor"]: row for row in self.json("ps")}

    def follow(self, *words: str) -> Followed:
        """Starts a verb that goes on, such as ``up``, and watches what it prints."""
        followed = Followed(self.command(*words), {**os.environ, **self.environment}, self.folder)
        self._followed.append(followed.process)
        return followed

    @property
    def run_dir(self) -> pathlib.Path:
        """The deployment's run folder."""
        return next((self.folder / "run").iterdir())

    def plan(self) -> dict:
        return json.loads((self.run_dir / "plan.json").read_text())

    def left_over(self) -> list[str]:
        """What of the deployment is still there but should not be, once it has ended."""
        plan = self.plan()
        left = [f"process {pid}" for pid in processes_of(plan["run_dir"])]
        left += [f"socket {p}" for p in self.run_dir.iterdir() if p.is_socket()]
        if pathlib.Path(plan["shm_dir"]).exists():
            left.append(plan["shm_dir"])
        return left

    def close(self) -> None:
        for process in self._followed:
            process.kill()
            process.wait()
            process.stdout.close()
        for run_dir in (self.folder / "run").glob("*"):
            for pid in processes_of(run_dir):
                os.kill(pid, signal.SIGKILL)
            plan = run_dir / "plan.json"
            if plan.exists():
                shutil.rmtree(json.loads(plan.read_text())["shm_dir"], ignore_errors=True)


class Followed:
    """A verb that goes on until it is interrupted."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: pathlib.Path):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, env=environment, cwd=folder)
        self.lines: list[str] = []

    def until(self, words: str, timeout: float = 600) -> str:
        """The first line from here on that contains ``words``; the test fails if none comes."""
        killer = _kill_after(self.process, timeout)
        try:
            for line in self.process.stdout:
                self.lines.append(line.rstrip("\n"))
                if words in line:
                    return self.lines[-1]
        finally:
            killer.cancel()
        raise AssertionError(f"'{words}' was never printed:\n" + "\n".join(self.lines))

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> float:
        """Sends a signal and waits for the end; returns how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.finish()
        return time.monotonic() - began

    def finish(self, timeout: float = 60) -> int:
        """Waits for the end and returns the exit code."""
        killer = _kill_after(self.process, timeout)
        try:
            self.lines += self.process.stdout.read().splitlines()
            return self.process.wait()
        finally:
            killer.cancel()


def _kill_after(process: subprocess.Popen, timeout: float):
    import threading

    timer = threading.Timer(timeout, process.kill)
    timer.daemon = True
    timer.start()
    return timer


@contextmanager
def deployment(topology: str) -> Iterator[Cli]:
    """A Cli for ``topology`` in a scratch folder with a short name; ends whatever it started."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pw-"))
    cli = Cli(folder, topology)
    try:
        yield cli
    finally:
        cli.close()
        shutil.rmtree(folder, ignore_errors=True)

"""The fork server on its own: forks, reports, reaps, and does not outlive whom it serves."""

from __future__ import annotations

import os
import pathlib
import select
import signal

import pytest

from actors.runtime.vitals import Vitals, map_deployment, map_wires
from actors.supervisor.spawner import ForkServerLink, Report
from schemas.enums import ActorState
from tests.runtime.deployments import RELAY, eventually, relay_plan
from tests.supervisor.supervised import alive, with_actor, zombies_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


class Server:
    """A fork server whose supervisor is the test."""

    def __init__(self, plan):
        self.plan = plan
        map_wires(plan.shm_dir, len(plan.wires), create=True)
        map_deployment(plan.shm_dir, create=True)
        self.link = ForkServerLink(f"{plan.run_dir}/plan.json")
        self.heard: list[Report] = []
        self.forks = 0

    def hear(self, op: str, timeout: float = 120.0, **fields) -> Report:
        """Waits for a report with these fields."""
        def found():
            self.heard += self.link.reports()
            return next((r for r in self.heard if r.op == op and fields.items() <= r.data.items()),
                        None)
        return eventually(found, timeout, f"report {op}")

    def fork(self, process: str) -> tuple[int, int]:
        """A process and its pidfd."""
        self.forks += 1
        incarnation = self.forks
        self.link.spawn(process, incarnation)
        report = self.hear("spawned", process=process, incarnation=incarnation)
        return report.data["pid"], report.fds[0]

    def runs(self, actor: str, pid: int) -> bool:
        """Whether the actor is RUNNING in the process ``pid``."""
        try:
            header = Vitals(pathlib.Path(self.plan.shm_dir) / f"{actor}.vitals").header
        except (OSError, ValueError):
            return False
        return header["pid"] == pid and header["state"] == ActorState.RUNNING

    def reaps_all(self) -> bool:
        """Whether, in the end, no zombie is left."""
        return eventually(lambda: not zombies_of(self.link.pid), what="the end of the zombies")

    def end(self) -> None:
        self.link.kill()
        os.waitpid(self.link.pid, 0)
        self.link.forget()
        for report in self.heard:
            for fd in report.fds:
                try:
                    signal.pidfd_send_signal(fd, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                os.close(fd)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    plan = relay_plan(tmp_path_factory.mktemp("served"))
    server = Server(with_actor(plan, "sink", class_path=f"{RELAY}:Broken"))
    server.hear("ready")
    yield server
    server.end()


def test_it_reports_what_it_prepares(server):
    progress = [r.data for r in server.heard if r.op == "progress"]
    assert [p["done"] for p in progress] == sorted(p["done"] for p in progress)
    assert progress[-1]["done"] == progress[-1]["total"]
    assert "actors.runtime.reactor.run" in [p["name"] for p in progress]


def test_it_forks_processes_that_run_and_reports_how_they_end(server):
    pid, pidfd = server.fork("relay")
    eventually(lambda: server.runs("relay", pid), what="relay")
    os.kill(pid, signal.SIGTERM)
    assert server.hear("exited", pid=pid).data["code"] == 0
    assert select.select([pidfd], [], [], 0)[0], "the pidfd tells of the end too"
    assert server.reaps_all()


def test_it_reaps_those_that_are_killed_and_forks_them_again(server):
    pids = []
    for _ in range(3):
        pid, pidfd = server.fork("relay")
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        assert server.hear("exited", pid=pid).data["code"] == -signal.SIGKILL
        pids.append(pid)
    assert not any(map(alive, pids)) and server.reaps_all()


def test_many_deaths_at_once_are_all_reported(server):
    children = [server.fork("relay") for _ in range(12)]
    for _, pidfd in children:
        try:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for pid, _ in children:
        server.hear("exited", pid=pid)
    assert server.reaps_all()


def test_an_actor_that_fails_is_an_exit_status_and_not_the_servers_end(server):
    pid, _ = server.fork("sink")
    assert server.hear("exited", pid=pid).data["code"] == 70
    assert alive(server.link.pid)


def test_a_child_holds_none_of_its_descriptors_and_not_its_output(server):
    pid, _ = server.fork("relay")
    eventually(lambda: server.runs("relay", pid), what="relay")
    target = os.readlink(f"/proc/{pid}/fd/1")
    assert target == f"{server.plan.run_dir}/logs/relay.out"
    assert os.readlink(f"/proc/{pid}/fd/2") == target
    assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
    link = os.readlink(f"/proc/{server.link.pid}/fd/{_link_fd(server.link.pid)}")
    theirs = [os.readlink(path) for path in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
    assert link not in theirs


def _link_fd(pid: int) -> int:
    return int(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[3])


def test_signals_to_the_whole_group_do_not_end_it(server):
    os.kill(server.link.pid, signal.SIGINT)
    os.kill(server.link.pid, signal.SIGTERM)
    assert server.fork("relay")[0] and alive(server.link.pid)


def test_a_class_that_cannot_be_imported_does_not_keep_the_others_from_running(tmp_path):
    server = Server(with_actor(relay_plan(tmp_path), "sink", class_path="no.such:Class"))
    try:
        server.hear("ready")
        assert "no.such:Class" in server.hear("problem").data["text"]
        pid, _ = server.fork("relay")
        eventually(lambda: server.runs("relay", pid), what="relay")
    finally:
        server.end()

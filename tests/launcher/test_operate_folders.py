"""Run folders: whose they are, whether somebody runs in them, what is left in them."""

import os
import socket
import stat
import subprocess
import sys

import pytest

from actors.runtime.pids import is_alive
from actors.runtime.plan import Plan
from launcher.cli.errors import Failure
from launcher.operate.folders import (
    RunLock, clean_leftovers, is_locked, lock_holder, prepare_folders,
)
from launcher.operate.processes import (
    deployment_environment, end_processes, processes_of, wait_for_end,
)
from tests.runtime.deployments import eventually

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP


@pytest.fixture
def plan(tmp_path):
    return Plan("desk", "", str(tmp_path / "base" / "run"), str(tmp_path / "shm"), ("A",), (), (),
                ())


@pytest.fixture
def start():
    """Starts Python code as a process of the deployment in a run folder; ends them all."""
    started = []

    def begin(run_dir, code=SLEEP):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                                   env=deployment_environment(run_dir))
        started.append(process)
        assert process.stdout.readline() == b"up\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_lock_is_seen_without_being_taken(tmp_path):
    assert not is_locked(tmp_path)
    lock = RunLock(tmp_path)
    assert lock.take()
    assert is_locked(tmp_path)
    assert is_locked(tmp_path)
    assert not RunLock(tmp_path).take()
    lock.note("4321")
    assert lock_holder(tmp_path) == 4321
    lock.close()
    assert not is_locked(tmp_path)


def test_a_lock_lasts_as_long_as_the_process_that_inherited_it(tmp_path):
    lock = RunLock(tmp_path)
    lock.take()
    heir = subprocess.Popen([sys.executable, "-c", SLEEP], pass_fds=(lock.fd,))
    lock.close()
    assert is_locked(tmp_path)
    heir.kill()
    heir.wait()
    assert not is_locked(tmp_path)


def test_folders_are_the_users_alone_and_hold_the_plan(plan):
    os.makedirs(plan.run_dir, mode=0o755)
    prepare_folders(plan)
    for folder in (plan.run_dir, plan.shm_dir):
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert Plan.load(os.path.join(plan.run_dir, "plan.json")) == plan


def test_the_logs_of_the_run_before_are_kept_beside(plan, tmp_path):
    run_dir = tmp_path / "base" / "run"
    for text in ("first", "second", "third"):
        prepare_folders(plan)
        assert list((run_dir / "logs").iterdir()) == []
        (run_dir / "logs" / "feed.jsonl").write_text(text)
    assert (run_dir / "logs" / "feed.jsonl").read_text() == "third"
    assert (run_dir / "logs.previous" / "feed.jsonl").read_text() == "second"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    plan = Plan("desk", "", str(tmp_path / "file" / "run"), str(tmp_path / "shm"), (), (), (), ())
    with pytest.raises(Failure, match="cannot make the folder .*file") as failure:
        prepare_folders(plan)
    assert "PITWIRE_RUNTIME_DIR" in failure.value.hint


def test_sockets_and_shared_memory_go_and_logs_stay(plan, tmp_path):
    prepare_folders(plan)
    run_dir = tmp_path / "base" / "run"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(run_dir / "w0.1"))
    (tmp_path / "shm" / "wires").write_text("")
    (run_dir / "logs" / "feed.jsonl").write_text("{}")

    clean_leftovers(plan.run_dir, plan.shm_dir)

    assert sorted(p.name for p in run_dir.iterdir()) == ["logs", "plan.json"]
    assert not (tmp_path / "shm").exists()
    clean_leftovers(plan.run_dir, plan.shm_dir)  # nothing left: nothing to do


def test_processes_are_found_by_the_run_folder_they_carry(tmp_path, start):
    one, other = start(tmp_path / "a"), start(tmp_path / "b")
    assert processes_of(tmp_path / "a") == [one.pid]
    assert processes_of(tmp_path / "b") == [other.pid]
    assert processes_of(tmp_path) == []


def test_a_process_that_listens_is_told_and_one_that_does_not_is_killed(tmp_path, start):
    polite, stubborn = start(tmp_path), start(tmp_path, STUBBORN)
    assert end_processes(tmp_path, 0.5) == (1, 1)
    assert polite.wait() == -15 and stubborn.wait() == -9


def test_without_grace_everything_is_killed_at_once(tmp_path, start):
    process = start(tmp_path)
    assert end_processes(tmp_path, 0.0) == (0, 1)
    assert process.wait() == -9


def test_waiting_for_what_has_ended_takes_no_time(tmp_path, start):
    process = start(tmp_path)
    assert wait_for_end([process.pid], 0.01) == [process.pid]
    process.kill()
    eventually(lambda: not is_alive(process.pid), what="death")
    assert wait_for_end([process.pid], 10.0) == []  # dead, if not reaped
    process.wait()
    assert wait_for_end([process.pid], 10.0) == []

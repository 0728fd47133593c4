"""What a right topology comes to: placement, transports, policies, folders, order."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.actor import Overflow
from actors.runtime.endpoint import endpoint_address
from actors.runtime.enums import Wait
from actors.runtime.plan import Backoff, HealthCheck, Plan, RestartPlan, ThreadPlan, WirePlan
from launcher.topology import (
    TopologyInvalid, check_topology, deployment_folders, existing_run_dir, load_plan, runtime_base,
    summary,
)
from launcher.topology import model
from launcher.topology.cycles import cycles, ordered
from launcher.topology.paths import EPOCH_SUFFIX, ipc_address
from tests.launcher.topology_files import CORES, DESK, SAMPLES, overlay, write


def plan_of(path):
    checked = check_topology(path, CORES)
    assert checked.problems == ()
    return checked.plan


def wire(plan, target):
    (found,) = [w for w in plan.wires if f"{w.target_actor}/{w.target_port}" == target]
    return found


def test_each_actor_its_own_process_unless_said_otherwise(tmp_path):
    plan = plan_of(write(tmp_path, DESK))
    assert [p.name for p in plan.processes] == [a.name for a in plan.actors]
    assert [p.threads for p in plan.processes][0] == (ThreadPlan("main", ("exchange",)),)
    assert {w.transport for w in plan.wires} == {"ipc"}
    assert summary(plan) == "6 actors, 6 processes, 5 wires"


def test_a_plan_survives_json(tmp_path):
    plan = plan_of(write(tmp_path, DESK))
    assert Plan.from_json(plan.to_json()) == plan


def test_wires_follow_placement_and_a_word_on_the_wire_wins(tmp_path):
    plan = plan_of(overlay(tmp_path, """\
        actors:
          feed: {process: trading}
          strategy:
            process: trading
            inputs: {reports: {source: risk/reports, transport: tcp, address: 127.0.0.1:9100}}
          risk: {process: trading, thread: checks, inputs: {orders: {source: strategy/orders,
                 transport: ipc}}}
        """))
    assert [p.name for p in plan.processes] == ["exchange", "trading", "gateway"]
    assert plan.process("trading").threads == (
        ThreadPlan("main", ("feed", "strategy")), ThreadPlan("checks", ("risk",)))
    assert wire(plan, "strategy/market").transport == "inproc"
    assert wire(plan, "strategy/market").address == "w0"
    assert wire(plan, "strategy/reports").address == "127.0.0.1:9100"
    assert wire(plan, "risk/orders").address == f"{plan.run_dir}/w2"
    assert wire(plan, "gateway/orders").transport == "ipc"


def test_an_actor_may_join_the_process_of_another(tmp_path):
    plan = plan_of(overlay(tmp_path, "actors:\n  risk: {process: strategy}"))
    assert plan.process("strategy").actors == ("strategy", "risk")


def test_capacity_and_overflow_are_the_ports_own_unless_the_wire_says_more(tmp_path):
    plan = plan_of(overlay(tmp_path, """\
        actors:
          strategy:
            inputs: {reports: {source: risk/reports, capacity: 7, overflow: fail}}
        """))
    market, reports = wire(plan, "strategy/market"), wire(plan, "strategy/reports")
    assert (market.capacity, market.overflow) == (4096, "drop_newest")
    assert (reports.capacity, reports.overflow, reports.message) == (7, "fail", "ExecutionReport")


def test_several_wires_into_one_port(tmp_path):
    second = f"{{class: '{SAMPLES}:MeanReversion', inputs: {{market: feed/market, reports: " \
             "risk/reports}}"
    plan = plan_of(overlay(tmp_path, f"""\
        actors:
          two: {second}
          risk:
            inputs:
              orders: {{source: [strategy/orders, two/orders], capacity: 9}}
        """))
    into = [w for w in plan.inputs_of("risk") if w.target_port == "orders"]
    assert [(w.source_actor, w.capacity) for w in into] == [("strategy", 9), ("two", 9)]
    assert [w.index for w in plan.wires] == list(range(len(plan.wires)))


def test_settings_of_threads_come_from_thread_then_process_then_actor(tmp_path):
    plan = plan_of(overlay(tmp_path, """\
        actors:
          feed: {process: p, core: 0, wait: blocking, spin: 1us}
          strategy: {process: p, thread: t, core: 0, wait: blocking}
          risk: {core: -1, wait: busy_spin, spin: 1ms}
        processes:
          p: {core: -2, threads: {t: {wait: yielding, core: 1}}}
        """))
    assert plan.process("p").core == 2
    assert plan.process("p").threads == (ThreadPlan("main", ("feed",), "blocking", 1_000, 2),
                                         ThreadPlan("t", ("strategy",), "yielding", 1_000_000, 1))
    risk = plan.process("risk")
    assert risk.threads == (ThreadPlan("main", ("risk",), "busy_spin", 1_000_000, 3),)
    assert risk.core is None


def test_policies_come_from_actor_then_defaults_then_what_is_built_in(tmp_path):
    plan = plan_of(overlay(tmp_path, """\
        defaults:
          restart: always
          within: 2m
          backoff: {initial: 20ms, factor: 3.0}
          healthcheck: {retries: 7}
          stop_grace: 3s
        actors:
          feed:
            restart: no
            max_restarts: 0
            backoff: {initial: 1ms}
            stop_grace: 0s
            healthcheck: {interval: 5ms}
        """))
    feed, risk = plan.actor("feed"), plan.actor("risk")
    assert feed.restart == RestartPlan("no", 0, 120_000_000_000,
                                       Backoff(initial_ns=1_000_000, factor=3.0))
    assert risk.restart == RestartPlan("always", within_ns=120_000_000_000,
                                       backoff=Backoff(initial_ns=20_000_000, factor=3.0))
    assert feed.health == HealthCheck(5_000_000, 7)
    assert (feed.stop_grace_ns, risk.stop_grace_ns) == (0, 3_000_000_000)


def test_configs_are_complete_in_the_plan(tmp_path):
    plan = plan_of(overlay(tmp_path, "actors:\n  risk: {config: {limits: {position: 7}}}"))
    assert plan.actor("risk").config == {"limits": {"order_size": 1000, "position": 7}}
    assert plan.actor("exchange").config["order_entry"] == "127.0.0.1:9000"


def test_start_order_puts_what_is_depended_on_first_and_else_keeps_the_files(tmp_path):
    plan = plan_of(overlay(tmp_path, "actors:\n  exchange: {depends_on: [risk]}"))
    assert plan.start_order == ("strategy", "risk", "exchange", "feed", "gateway")


def test_an_invalid_topology_raises_all_its_problems(tmp_path):
    with pytest.raises(TopologyInvalid) as caught:
        load_plan(write(tmp_path, "version: 1\nname: 5\n"))
    assert [p.key for p in caught.value.problems] == ["symbols", "actors", "name"]


def test_a_users_own_class_beside_the_topology_is_found_and_the_plan_says_where(tmp_path):
    write(tmp_path, f"from {SAMPLES} import MeanReversion as Base\nclass Mine(Base): ...\n",
          "beside_the_topology.py")
    plan = plan_of(overlay(tmp_path, "actors: {strategy: {class: beside_the_topology:Mine}}"))
    assert plan.python_path == (str(tmp_path),)
    assert plan.actor("strategy").class_path == "beside_the_topology:Mine"


# ---- the words of the file are those of the runtime ----------------------------------------------

def words(annotation):
    return set(annotation.__args__)


def test_the_topologys_words_are_the_runtimes():
    assert words(model.Overflow) == {o.name.lower() for o in Overflow}
    assert words(model.Wait) == {w.name.lower() for w in Wait}
    assert ThreadPlan("t", ()).wait in words(model.Wait)
    assert RestartPlan().policy in words(model.Restart)


def test_the_room_kept_for_epochs_is_what_the_runtime_takes(tmp_path):
    stem = ipc_address(tmp_path, 3)
    end = WirePlan(3, "a", "x", "b", "y", "MarketData", "ipc", stem, 1, "block")
    longest = endpoint_address(end, 2**32 - 1).removeprefix("ipc://")
    assert len(longest) == len(stem) + EPOCH_SUFFIX


# ---- folders -------------------------------------------------------------------------------------

def test_the_runtime_folder_is_the_one_asked_for_else_the_sessions_else_tmp(tmp_path, monkeypatch):
    monkeypatch.setenv("PITWIRE_RUNTIME_DIR", str(tmp_path / "asked"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert runtime_base() == tmp_path / "asked"
    monkeypatch.delenv("PITWIRE_RUNTIME_DIR")
    assert runtime_base() == tmp_path / "pitwire"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "gone"))
    assert str(runtime_base()) == f"/tmp/pitwire-{os.getuid()}"


def test_deployments_do_not_share_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PITWIRE_RUNTIME_DIR", str(tmp_path))
    one, other = (deployment_folders("desk", tmp_path / f) for f in ("a.yaml", "b.yaml"))
    assert re.fullmatch(r"desk-[0-9a-f]{8}", one.run_dir.name)
    assert len({one.run_dir, other.run_dir, one.shm_dir, other.shm_dir}) == 4
    monkeypatch.setenv("PITWIRE_RUNTIME_DIR", str(tmp_path / "elsewhere"))
    again = deployment_folders("desk", tmp_path / "a.yaml")
    assert again.run_dir.name == one.run_dir.name
    assert again.shm_dir != one.shm_dir


def test_a_file_is_the_same_by_every_path(tmp_path, monkeypatch):
    monkeypatch.setenv("PITWIRE_RUNTIME_DIR", str(tmp_path))
    write(tmp_path, DESK)
    (tmp_path / "link.yaml").symlink_to("topology.yaml")
    monkeypatch.chdir(tmp_path)
    found = {deployment_folders("desk", path) for path in (
        "topology.yaml", "./topology.yaml", tmp_path / "topology.yaml", "link.yaml")}
    assert len(found) == 1


def test_a_deployment_is_found_again_though_its_file_was_broken_since(tmp_path, monkeypatch):
    monkeypatch.setenv("PITWIRE_RUNTIME_DIR", str(tmp_path / "run"))
    path = write(tmp_path, DESK)
    assert existing_run_dir(path) is None
    folder = deployment_folders("desk", path).run_dir
    folder.mkdir(parents=True)
    path.write_text("{ broken")
    assert existing_run_dir(path) == folder


# ---- order and cycles ----------------------------------------------------------------------------

nodes = st.sampled_from("abcdef")
graphs = st.dictionaries(nodes, st.lists(nodes, max_size=3))


def reaches(graph, start, goal):
    seen, todo = set(), list(graph.get(start, ()))
    while todo:
        node = todo.pop()
        if node == goal:
            return True
        if node not in seen:
            seen.add(node)
            todo.extend(graph.get(node, ()))
    return False


@given(graphs)
def test_every_node_on_a_cycle_is_shown_in_one(graph):
    found = cycles(graph)
    assert {n for c in found for n in c} >= {n for n in graph if reaches(graph, n, n)}
    for cycle in found:
        assert len(set(cycle)) == len(cycle)
        assert all(b in graph[a] for a, b in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


@given(graphs)
def test_order_respects_needs_and_changes_nothing_without_them(graph):
    if any(reaches(graph, n, n) for n in graph):
        return
    order = ordered(graph)
    assert sorted(order) == sorted(graph)
    for node, needs in graph.items():
        assert all(order.index(n) < order.index(node) for n in needs if n in graph)
    assert ordered({n: [] for n in graph}) == list(graph)

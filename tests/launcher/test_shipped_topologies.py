"""The deployments that come with Pitwire."""

import pytest

from launcher.topology import check_topology, summary
from launcher.topology.resolved import resolved, resolved_yaml
from tests.launcher.topology_files import REPOSITORY, shipped_with_samples, write

CORES = (0, 1)


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    paths = shipped_with_samples(tmp_path_factory.mktemp("shipped"))
    return {path.stem: check_topology(path, CORES) for path in paths}


def wires_of(plan):
    return {w.name: (w.transport, w.overflow) for w in plan.wires}


def test_they_are_right(checked):
    assert {name: list(c.problems) for name, c in checked.items() if c.problems} == {}
    assert set(checked) >= {"topology", "fused", "threads", "two_strategies"}


def test_they_are_right_with_the_real_actors():
    for path in (REPOSITORY / "topology.yaml", *(REPOSITORY / "topologies").glob("*.yaml")):
        assert check_topology(path, CORES).problems == (), path.name


def test_the_default_gives_each_actor_a_process(checked):
    plan = checked["topology"].plan
    assert summary(plan) == "7 actors, 7 processes, 9 wires"
    assert wires_of(plan) == {
        "feed/market -> strategy/market": ("ipc", "drop_newest"),
        "feed/market -> risk/market": ("ipc", "drop_newest"),
        "strategy/orders -> risk/orders": ("ipc", "fail"),
        "risk/approved -> gateway/orders": ("ipc", "fail"),
        "gateway/reports -> risk/reports": ("ipc", "block"),
        "risk/reports -> strategy/reports": ("ipc", "block"),
        "risk/positions -> monitor/positions": ("ipc", "latest"),
        "risk/events -> monitor/events": ("ipc", "drop_newest"),
        "gateway/reports -> monitor/reports": ("ipc", "drop_newest"),
    }
    cores = {p.name: p.threads[0].core for p in plan.processes}
    assert cores == {"exchange": 0, "feed": 1, "strategy": 1, "risk": 1, "gateway": 1, "monitor": 0}
    assert plan.start_order[:1] == ("exchange",)


def test_fused_has_the_way_from_data_to_order_on_one_thread(checked):
    plan = checked["fused"].plan
    assert summary(plan) == "7 actors, 4 processes, 9 wires"
    (thread,) = plan.process("trading").threads
    assert thread.actors == ("feed", "strategy", "risk", "gateway")
    assert (thread.wait, thread.core) == ("busy_spin", 1)
    to_monitor = {name for name, (transport, _) in wires_of(plan).items() if transport == "ipc"}
    assert to_monitor == {name for name in wires_of(plan) if "-> monitor" in name}


def test_threads_gives_each_of_them_a_thread(checked):
    plan = checked["threads"].plan
    assert summary(plan) == "7 actors, 4 processes, 9 wires"
    threads = plan.process("trading").threads
    assert [t.actors for t in threads] == [("feed",), ("strategy",), ("risk",), ("gateway",)]


def test_two_strategies_adds_one_without_changing_the_first(checked):
    plan = checked["two_strategies"].plan
    assert summary(plan) == "8 actors, 8 processes, 12 wires"
    assert set(wires_of(checked["topology"].plan)) < set(wires_of(plan))
    orders = [w for w in plan.inputs_of("risk") if w.target_port == "orders"]
    assert [(w.source_actor, w.capacity, w.overflow) for w in orders] == [
        ("strategy", 1024, "fail"), ("strategy_2", 1024, "fail")]
    assert plan.groups[0].actors == ("feed", "strategy", "strategy_2", "risk", "gateway")


def test_what_config_prints_is_a_topology_that_means_the_same(checked, tmp_path):
    for name, was in checked.items():
        text = resolved_yaml(was.plan, was.topology)
        again = check_topology(write(tmp_path, text, f"{name}.yaml"), CORES)
        assert again.problems == ()
        assert resolved_yaml(again.plan, again.topology).partition("version")[2] \
            .replace(again.plan.run_dir, was.plan.run_dir) \
            .replace(again.plan.shm_dir, was.plan.shm_dir) == text.partition("version")[2]
        for part in ("actors", "processes", "groups", "symbols", "start_order"):
            assert getattr(again.plan, part) == getattr(was.plan, part)


def test_config_keeps_words_that_yaml_could_read_as_something_else(checked):
    import yaml

    was = checked["topology"]
    text = resolved_yaml(was.plan, was.topology)
    assert yaml.safe_load(text)["actors"]["gateway"]["inputs"]["orders"] == {
        "source": "risk/approved", "transport": "ipc", "capacity": 1024, "overflow": "fail",
        "breaker": "venue"}
    data = resolved(was.plan, was.topology)
    assert data["actors"]["gateway"]["inputs"]["orders"]["address"] == f"{was.plan.run_dir}/w5"
    assert data["shm_dir"] == was.plan.shm_dir


@pytest.mark.parametrize("actor", ["exchange", "feed", "strategy", "risk", "gateway", "monitor"])
@pytest.mark.parametrize("place", [
    "{process: trading}", "{process: trading, thread: own}", "{process: exchange}", "{core: 0}"])
def test_any_actor_may_be_moved_anywhere_by_a_line(tmp_path, actor, place):
    shipped_with_samples(tmp_path)
    path = write(tmp_path, f"""\
        extends: topologies/fused.yaml
        processes: {{exchange: {{core: 0}}, trading: {{core: 1}}}}
        actors: {{exchange: {{process: exchange}}, {actor}: {place}}}
        """ if actor != "exchange" else f"""\
        extends: topologies/fused.yaml
        processes: {{trading: {{core: 1}}}}
        actors: {{exchange: {place}}}
        """, "moved.yaml")
    checked = check_topology(path, CORES)
    assert checked.problems == ()
    assert len(checked.plan.wires) == 9

"""The report of a run, from pages that a run has left."""

import numpy as np
import pytest
from rich.console import Console

from actors.risk.positions import POSITION_STATE
from actors.runtime.histogram import record_ns
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan, WirePlan
from actors.runtime.vitals import Vitals, map_deployment, map_table, map_wires
from launcher.operate.deployment import Deployment
from launcher.operate.sample import ProcessUse, process_use, take_sample
from launcher.operate.summary import summary_view
from launcher.report import machine, report
from schemas.enums import ActorState

COUNTERS = {
    "feed": ("feed", ("messages",), ()),
    "risk": ("risk", ("risk_rejects", "fills"), ("t2_t3",)),
    "gateway": ("gateway", ("orders_sent", "fills", "rejects"), ("t3_t4", "t1_t4", "t4_t5")),
    "one": ("strategy", ("fills",), ("t1_t2",)),
    "two": ("strategy", ("fills",), ("t1_t2",)),
}


@pytest.fixture
def run(tmp_path):
    """A deployment whose processes are gone and whose pages are there, and the pages."""
    shm, run_dir = tmp_path / "shm", tmp_path / "run"
    shm.mkdir()
    run_dir.mkdir()
    actors = tuple(ActorPlan(name, i, "x:Y", {}, name, "main") for i, name in enumerate(COUNTERS))
    wires = (WirePlan(0, "one", "orders", "risk", "orders", "OrderCommand", "ipc", "x", 8, "fail"),)
    processes = tuple(ProcessPlan(a.name, (ThreadPlan("main", (a.name,)),)) for a in actors)
    plan = Plan("desk", "/desk.yaml", str(run_dir), str(shm), ("AAPL", "MSFT"), actors, processes,
                wires)
    (run_dir / "plan.json").write_text(plan.to_json())
    map_wires(shm, 1, create=True)
    map_deployment(shm, create=True)
    pages = {name: Vitals(shm / f"{name}.vitals", counters, histograms, actor=name, kind=kind,
                          tag="", tables={})
             for name, (kind, counters, histograms) in COUNTERS.items()}
    return Deployment("desk.yaml", run_dir), pages


def test_figures_are_sums_over_the_actors_that_know_best(run):
    deployment, pages = run
    pages["feed"].counters[0] = 1000
    pages["gateway"].counters[:3] = 40, 30, 2
    pages["risk"].counters[:2] = 5, 30     # its rejects count; its fills are the gateway's again
    pages["one"].counters[0] = 20
    said = report(deployment, 2_500_000_000, "ORDERLY", True, {})
    assert said["duration_s"] == 2.5
    assert said["market_data_messages"] == 1000
    assert (said["orders_sent"], said["fills"], said["rejects"]) == (40, 30, 7)
    assert said["counters"]["risk"]["risk_rejects"] == 5


def test_latencies_are_merged_over_strategies(run):
    deployment, pages = run
    for name, times in (("one", (10_000, 20_000)), ("two", (30_000, 40_000))):
        for ns in times:
            record_ns(pages[name].histogram("t1_t2").__array_interface__["data"][0], ns)
    said = report(deployment, 1, "ORDERLY", True, {})["latency_ns"]
    assert said["t1_t2"]["count"] == 4 and said["t1_t2"]["max"] == 40_000
    assert 20_000 <= said["t1_t2"]["p50"] <= 20_015  # three significant digits
    assert said["t4_t5"] == {"count": 0, "p50": 0, "p95": 0, "p99": 0, "p999": 0, "max": 0}


def test_the_ledger_is_the_sum_and_each_wire(run):
    deployment, _ = run
    deployment.wires[0]["offered"] = deployment.wires[0]["published"] = 10
    deployment.wires[0]["handled"] = 8
    deployment.wires[0]["p_closed"] = deployment.wires[0]["c_epoch"] = 1
    ledger = report(deployment, 1, "ORDERLY", True, {})["ledger"]
    assert (ledger["sent"], ledger["handled"], ledger["unexplained"]) == (10, 8, 2)
    assert ledger["wires"]["one/orders -> risk/orders"]["handled"] == 8
    flowing = report(deployment, 1, "DIED", False, {})["ledger"]
    assert (flowing["in_flight"], flowing["unexplained"]) == (2, 0)


def test_positions_and_profit_come_from_risks_table(run):
    deployment, pages = run
    shape = np.zeros(2, POSITION_STATE)
    description = {"positions": {"dtype": np.lib.format.dtype_to_descr(shape.dtype),
                                 "shape": [2]}}
    pages["risk"].describe(**{**pages["risk"].description, "tables": description})
    table = map_table(deployment.plan.shm_dir, "risk", "positions", shape.dtype, (2,), create=True)
    # Bought 100 at 10.00, sold 40 at 11.00; the mark is 10.50.
    table[0]["quantity"], table[0]["bought"], table[0]["sold"] = 60, 100, 40
    table[0]["cost_e4"], table[0]["cash_e4"] = 60 * 100_000, -100 * 100_000 + 40 * 110_000
    table[0]["mark_e4"] = 105_000
    held = report(deployment, 1, "ORDERLY", True, {})["positions"]
    assert held["AAPL"] == {"quantity": 60, "bought": 100, "sold": 40, "average_price": 10.0,
                            "mark": 10.5, "realized": 40.0, "unrealized": 30.0, "total": 70.0}
    assert held["MSFT"]["total"] == 0 and held["MSFT"]["average_price"] == 0


def test_a_page_that_is_laid_out_anew_is_read_anew(run, tmp_path):
    deployment, _ = run
    path = tmp_path / "shm" / "late.vitals"
    Vitals(path, (), (), actor="late", kind="", tag="", tables={})
    assert deployment.vitals("late").counter_names == ()
    Vitals(path, ("a", "b"), ("h",), actor="late", kind="k", tag="", tables={})
    assert deployment.vitals("late").counter_names == ("a", "b")
    assert deployment.vitals("nobody") is None


def test_restarts_and_what_processes_used(run):
    deployment, pages = run
    pages["one"].header["restarts"] = 3
    said = report(deployment, 1, "ORDERLY", True, {"one": ProcessUse(1, 1_500_000_000, 2**21)})
    assert said["restarts"] == {"feed": 0, "risk": 0, "gateway": 0, "one": 3, "two": 0}
    assert said["processes"] == {"one": {"cpu_s": 1.5, "rss_mb": 2.0}}


def test_this_process_has_used_something():
    import os

    use = process_use(os.getpid())
    assert use.cpu_ns > 0 and use.rss_bytes > 1_000_000
    assert process_use(2**22 + 1) is None


def test_rates_are_differences(run):
    deployment, pages = run
    pages["feed"].header["state"], pages["feed"].header["handled"] = ActorState.RUNNING, 10
    before = take_sample(deployment)
    pages["feed"].header["handled"] = 30
    after = take_sample(deployment)
    rate = after.handled_per_second("feed", before)
    assert rate == pytest.approx(20 * 1e9 / (after.at_ns - before.at_ns))
    assert before.handled_per_second("feed", before) == 0


def test_the_machine_is_described():
    assert {"cpu", "cores", "python", "numba", "libzmq", "pitwire"} <= set(machine())


def test_the_summary_says_it_in_words(run):
    deployment, pages = run
    pages["gateway"].counters[:3] = 1234, 3, 0
    record_ns(pages["gateway"].histogram("t1_t4").__array_interface__["data"][0], 38_000)
    pages["one"].header["restarts"] = 1
    console = Console(width=120, record=True, file=open("/dev/null", "w"))
    console.print(summary_view(report(deployment, 2_000_000_000, "ORDERLY", True, {})))
    text = console.export_text()
    assert "desk traded for 2.0 s: 0 market data messages, 1,234 orders, 3 fills, 0 rejects" in text
    assert "T1 → T4" in text and "38.0µs" in text
    assert "0 lost, 0 unexplained" in text and "restarts: one 1" in text

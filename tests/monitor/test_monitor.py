"""The monitor keeps the newest of what it is told, and bounds what it keeps."""

import numpy as np
import pytest
import zmq

from actors.monitor import Monitor
from actors.runtime.host import ActorHost
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan
from actors.runtime.vitals import map_deployment, map_table, map_wires
from schemas.enums import ReportType, RejectReason, Severity, Side, TradingState
from schemas.messages import EXECUTION_REPORT, POSITION, RISK_EVENT


@pytest.fixture
def monitor(tmp_path):
    actor = ActorPlan("monitor", 0, "actors.monitor:Monitor", {"history": 16}, "monitor", "main")
    plan = Plan("test", "", str(tmp_path), str(tmp_path), ("AAPL", "MSFT"), (actor,),
                (ProcessPlan("monitor", (ThreadPlan("main", ("monitor",)),)),), ())
    context = zmq.Context()
    host = ActorHost(plan, actor, context, map_wires(tmp_path, 0, create=True),
                     map_deployment(tmp_path, create=True))
    host.build()
    host.actor.start()
    yield host
    context.destroy(linger=0)


def body(dtype, **fields):
    record = np.zeros((), dtype)
    for name, value in fields.items():
        record[name] = value
    return record


def test_monitor_is_a_plain_actor_that_only_listens():
    assert not Monitor.handlers() and not Monitor.outputs


def test_anyone_can_read_the_latest_position_of_a_symbol(monitor):
    for quantity in (10, 30):
        monitor.actor.on_positions(body(POSITION, symbol_id=1, quantity=quantity, mark_e4=5,
                                        last_update_ns=quantity))
    held = monitor.tables["held"]
    elsewhere = map_table(monitor.plan.shm_dir, "monitor", "held", held.dtype, held.shape)
    assert elsewhere["quantity"].tolist() == [0, 30]
    assert elsewhere["mark_e4"][1] == 5


def test_a_symbol_nobody_knows_is_ignored(monitor):
    monitor.actor.on_positions(body(POSITION, symbol_id=99, quantity=1))
    assert not monitor.tables["held"]["quantity"].any()


def test_only_fills_become_trades_and_the_oldest_give_way(monitor):
    monitor.actor.on_reports(body(EXECUTION_REPORT, report_type=ReportType.ACK))
    for n in range(20):
        monitor.actor.on_reports(body(EXECUTION_REPORT, report_type=ReportType.FILL, side=Side.BUY,
                                      exec_qty=n, t1_ns=100, t4_ns=150))
    assert monitor.tables["ring"][0]["trades"] == 20
    trades = monitor.tables["trades"]
    assert sorted(trades["quantity"]) == list(range(4, 20))
    assert set(trades["tick_to_trade_ns"]) == {50}
    assert monitor.vitals.counter("trades") == 20 and monitor.vitals.counter("reports") == 21


def test_risk_events_are_kept_with_their_figures(monitor):
    monitor.actor.on_events(body(RISK_EVENT, reason=RejectReason.LOSS_LIMIT, value=-7, limit=-5,
                                 state=TradingState.HALTED, severity=Severity.CRITICAL))
    event = monitor.tables["events"][0]
    assert (event["reason"], event["value"], event["limit"]) == (RejectReason.LOSS_LIMIT, -7, -5)

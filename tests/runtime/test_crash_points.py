"""An armed crash point ends the process there, at the n-th time; an unarmed one costs nothing."""

import signal

import pytest

from actors.runtime.crash_points import arm_crash_point
from actors.runtime.vitals import Vitals
from tests.runtime.deployments import Running, eventually, relay_plan
from tests.runtime.relay_actors import Sink

POINTS = ("first", "second")


def test_armed_points_are_found_by_name_and_counted_from_one(tmp_path):
    header = Vitals(tmp_path / "a.vitals", (), (), actor="a", kind="a", tag="A", tables={}).header
    arm_crash_point(header, POINTS, "second", 3)
    assert (header["crash_point"], header["crash_after"]) == (2, 3)
    with pytest.raises(ValueError, match="no crash point 'third' among first, second"):
        arm_crash_point(header, POINTS, "third")
    with pytest.raises(ValueError, match="count from 1"):
        arm_crash_point(header, POINTS, "first", 0)


def test_a_process_dies_at_its_crash_point_the_third_time_it_comes_there(tmp_path):
    plan = relay_plan(tmp_path, limit=1 << 40)
    with Running(plan) as running:
        eventually(running.all_running, 60, "the start")
        vitals, process = running.vitals("sink"), running.processes["sink"]
        handled = running.wires[-1]["handled"]
        arm_crash_point(vitals.header, Sink.crash_points, "absorbed", 3)
        process.join(30)
        assert process.exitcode == -signal.SIGKILL
        assert running.wires[-1]["handled"] >= handled + 2, "it died too early"
        assert vitals.header["crash_point"] == 0, "what came true is not armed any more"

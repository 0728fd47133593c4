"""How long a restart took, by phase: whatever the stamps, the phases add up to the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.supervisor.recovery import PHASES, Stamps, phases_of, phases_text
from launcher.recoveries import recoveries

MS = 1_000_000


def stamps(*at_ms: float, replay_ms: float = 0) -> Stamps:
    return Stamps(*(int(ms * MS) for ms in at_ms), int(replay_ms * MS))


def test_each_phase_goes_from_one_stamp_to_the_next():
    phases = phases_of(stamps(100, 101, 101.2, 111, 119, 127, 136, 148, 150, replay_ms=3))
    assert {name: ns / MS for name, ns in phases.items()} == {
        "detect": 1, "reap": 0.2, "back_off": 9.8, "fork": 8, "load": 5, "replay": 3, "log_in": 9,
        "catch_up": 12, "ready": 2}
    assert phases_text(phases) == ("detect 1, reap 0, back off 10, fork 8, load 5, replay 3, "
                                   "log in 9, catch up 12, ready 2")


def test_what_nobody_told_belongs_to_the_next_phase():
    phases = phases_of(stamps(100, 101, 102, 103, 104, 105, 0, 120, 121))
    assert phases["log_in"] == 0 and phases["catch_up"] == 15 * MS


def test_what_is_always_done_at_once_is_not_told():
    assert phases_text(phases_of(stamps(0, 1, 1, 1, 9, 20, 20, 20, 20))) == (
        "detect 1, reap 0, fork 8, load 11")


@given(st.lists(st.integers(0, 1000), min_size=10, max_size=10))
def test_phases_are_never_negative_and_add_up_to_the_whole(words):
    made = Stamps(*words)
    phases = phases_of(made)
    assert tuple(phases) == PHASES and min(phases.values()) >= 0
    assert sum(phases.values()) == max(made.seen_ns - made.sign_ns, 0)


# ---- the report ----------------------------------------------------------------------------------

def ready(actor: str, total_ms: int, budget_ms: int = 0, incarnation: int = 2) -> dict:
    phases = {**dict.fromkeys(PHASES, 0), "fork": total_ms * MS}
    return {"n": 1, "t_ns": 7, "kind": "ready", "process": actor, "actors": [actor],
            "restart_ns": total_ms * MS, "phases_ns": phases, "incarnation": incarnation,
            "budget_ns": budget_ms * MS, "over_budget": 0 < budget_ms < total_ms}


def test_the_restarts_of_a_run_are_summed_up_by_actor():
    found = recoveries([
        {"n": 1, "kind": "ready", "actors": ["feed"], "incarnation": 1}, ready("risk", 40, 50),
        {"n": 3, "kind": "exited", "actors": ["risk"]}, ready("risk", 60, 50), ready("feed", 20)])
    assert set(found) == {"risk", "feed"}, "a start is no restart"
    risk = found["risk"]
    assert (risk["count"], risk["over_budget"], risk["budget_ns"]) == (2, 1, 50 * MS)
    assert risk["total_ns"] == {"p50": 60 * MS, "p99": 60 * MS, "max": 60 * MS}
    assert risk["phases_ns"]["fork"]["max"] == 60 * MS and risk["phases_ns"]["load"]["max"] == 0
    assert [one["total_ns"] for one in risk["restarts"]] == [40 * MS, 60 * MS]

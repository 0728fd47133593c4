"""Experiment files: what is refused, where and why; and what exactly they do with a seed."""

import json
import pathlib

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.chaos.load import load_experiment
from launcher.chaos.model import WIRE_FAULTS, Experiment, FaultName
from launcher.chaos.schedule import make_schedule, schedule_document
from launcher.cli import cli
from launcher.problems import TopologyInvalid

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
ACTORS = ("exchange", "feed", "strategy", "risk", "gateway", "monitor")
WIRES = ("feed/market -> strategy/market", "risk/approved -> gateway/orders")
HEAD = f"version: 1\nname: test\ntopology: {CHECKOUT}/topology.yaml\nmethod:\n"


def problems(tmp_path, text):
    file = tmp_path / "experiment.yaml"
    file.write_text(text)
    with pytest.raises(TopologyInvalid) as raised:
        load_experiment(file)
    return [str(p).removeprefix(f"{file}:") for p in raised.value.problems]


@pytest.mark.parametrize("file", sorted(p for p in (CHECKOUT / "chaos").glob("*.yaml")
                                        if p.name != "desk.yaml"), ids=lambda p: p.stem)
def test_the_shipped_experiments_are_right(file):
    assert load_experiment(file).experiment.method


@pytest.mark.parametrize("step, line, words", [
    ("{fault: kil, target: risk, at: 1s}", 5, "fault"),
    ("{fault: kill, target: rsk, at: 1s}", 5, "no actor 'rsk' in desk — did you mean 'risk'?"),
    ("{fault: drop, target: feed/market -> strategy/markt, at: 1s}", 5,
     "did you mean 'feed/market -> strategy/market'?"),
    ("{fault: kill, target: risk}", 5, "say when: at: 5s, or every: 2s, and not both"),
    ("{fault: kill, target: risk, at: 1s, every: 1s}", 5, "and not both"),
    ("{fault: kill, target: risk, at: 1}", 5, "a duration needs a unit"),
    ("{fault: kill, target: risk, at: 1s, for: 1s}", 5, "for means nothing to kill"),
    ("{fault: stop, target: risk, at: 1s}", 5, "stop needs for"),
    ("{fault: crash, target: feed, at: 1s}", 5, "crash needs point"),
    ("{fault: crash, target: feed, at: 1s, point: mesage_taken}", 5,
     "feed has no crash point 'mesage_taken' — did you mean 'message_taken'?"),
    ("{fault: delay, target: feed/market -> strategy/market, at: 1s}", 5, "delay needs delay"),
    ("{fault: kill, target: risk, every: 1s, jitter: 1s}", 5, "jitter must be shorter than every"),
    ("{fault: drop, target: feed/market -> risk/market, at: 1s, chance: 0%}", 5, "chance"),
    ("{fault: kill, target: risk, at: 1s, tims: 3}", 5, "did you mean 'times'?"),
    ("{fault: kill, target: [], at: 1s}", 5, "target: names nobody"),
])
def test_a_mistake_is_told_with_its_line_and_what_to_write(tmp_path, step, line, words):
    found = problems(tmp_path, HEAD + f"  - {step}\n")
    assert found[0].startswith(f"{line}:"), found
    assert any(words in problem for problem in found), found


def test_an_experiment_that_does_nothing_is_refused(tmp_path):
    assert problems(tmp_path, HEAD.replace("method:", "method: []")) == [
        "4: method: says nothing that is to be done"]


def test_all_mistakes_are_told_at_once(tmp_path):
    found = problems(tmp_path, HEAD + "  - {fault: kill, target: rsk, at: 1s}\n"
                                      "  - {fault: kill, target: gatway, at: 1s}\n")
    assert len(found) == 2


def test_check_says_it_in_json_too_and_exits_with_3(tmp_path):
    file = tmp_path / "experiment.yaml"
    file.write_text(HEAD + "  - {fault: kill, target: rsk, at: 1s}\n")
    done = CliRunner().invoke(cli, ["chaos", "check", str(file), "--json"])
    assert done.exit_code == 3
    told = json.loads(done.stdout)
    assert not told["ok"] and told["problems"][0]["line"] == 5


# ---- schedules ---------------------------------------------------------------------------------

def durations(least, most):
    return st.integers(least, most).map(lambda n: f"{n}ms")


@st.composite
def steps(draw):
    fault = draw(st.sampled_from(FaultName))
    targets = st.sampled_from(WIRES if fault in WIRE_FAULTS else ACTORS)
    step = {"fault": str(fault),
            "target": draw(st.one_of(targets, st.lists(targets, min_size=1, max_size=3)))}
    if draw(st.booleans()):
        step["at"] = draw(durations(0, 60_000))
    else:
        step |= {"every": draw(durations(300, 9_000)), "jitter": draw(durations(0, 299))}
    if fault in ("stop", "slow", "cut_link", "no_space", "full"):
        step["for"] = draw(durations(1, 5_000))
    if fault == "crash":
        step |= {"point": "somewhere", "nth": draw(st.integers(1, 100))}
    if fault == "delay":
        step["delay"] = draw(durations(1, 100))
    if fault in WIRE_FAULTS and fault != "full":
        step["chance"] = draw(st.floats(0.01, 1.0))
    return step


experiments = st.lists(steps(), min_size=1, max_size=6).map(lambda method: Experiment(
    version=1, name="drawn", topology="desk.yaml", method=method, **{"for": "60s"}))


@settings(deadline=None)
@given(experiments, st.integers(0, 2**63 - 1))
def test_the_same_seed_makes_the_same_schedule(experiment, seed):
    first = make_schedule(experiment, seed, ACTORS, WIRES)
    assert first == make_schedule(experiment, seed, ACTORS, WIRES)
    assert [step.at_ns for step in first] == sorted(step.at_ns for step in first)
    for step in first:
        assert step.target in (WIRES if step.fault in WIRE_FAULTS else ACTORS)


@settings(deadline=None)
@given(experiments, st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_a_saved_schedule_does_the_same_whatever_the_seed(experiment, seed, other):
    done = make_schedule(experiment, seed, ACTORS, WIRES)
    if not done:
        return
    written = yaml.safe_dump(schedule_document(experiment, done, "desk.yaml", experiment.lasts))
    again = Experiment.model_validate(yaml.safe_load(written))
    assert make_schedule(again, other, ACTORS, WIRES) == done
    assert again.expect == experiment.expect and again.steady_state == experiment.steady_state


def test_another_seed_makes_another_schedule():
    experiment = load_experiment(CHECKOUT / "chaos/kill_everything.yaml").experiment
    made = {make_schedule(experiment, seed, ACTORS, WIRES) for seed in range(5)}
    assert len(made) == 5
    assert all(len(steps) == 59 for steps in made)


def test_a_step_that_is_added_does_not_change_what_the_others_do():
    one = {"fault": "kill", "target": list(ACTORS), "every": "1s", "jitter": "300ms"}
    more = {"fault": "stop", "target": "risk", "at": "2s", "for": "1s"}

    def kills(method):
        experiment = Experiment(version=1, name="x", topology="x", method=method, **{"for": "20s"})
        return [s for s in make_schedule(experiment, 7, ACTORS, WIRES) if s.fault == "kill"]

    assert kills([one]) == kills([one, more])

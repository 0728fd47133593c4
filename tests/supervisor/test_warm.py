"""Kernels are compiled ahead, on all cores, once."""

from __future__ import annotations

import dataclasses
import textwrap

import pytest

from actors.runtime.plan import ActorPlan
from actors.supervisor import warm_up
from tests.runtime.deployments import relay_plan
from tests.supervisor.supervised import written

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

MODULE = """
    from actors.runtime import Actor, Timer, handler

    @handler
    def first(ctx, now):
        return now + 1

    @handler
    def second(ctx, now):
        return now * 2

    @handler
    def wrong(ctx, now):
        return now + "x"

    class Two(Actor):
        kind, tag = "two", "TWO"
        timers = {"a": Timer(first, 1), "b": Timer(second, 1)}

    class Wrong(Two):
        timers = {"a": Timer(first, 1), "c": Timer(wrong, 1)}
"""


def plan_of(root, *classes: str):
    """A plan of actors whose module lies in a folder of its own."""
    (root / "user").mkdir(exist_ok=True)
    (root / "user" / "warm_me.py").write_text(textwrap.dedent(MODULE))
    actors = tuple(ActorPlan(c.lower(), i, f"warm_me:{c}", {}, c, c) for i, c in enumerate(classes))
    plan = dataclasses.replace(relay_plan(root), actors=actors, python_path=(f"{root}/user",))
    return f"{written(plan).run_dir}/plan.json"


def test_what_the_cache_lacks_is_compiled_once_and_progress_is_told(tmp_path):
    plan, told = plan_of(tmp_path, "Two"), []
    first = warm_up(plan, workers=2, progress=told.append)
    assert first.compiled >= 2 and not first.failures
    assert [p.done for p in told] == list(range(1, told[0].total + 1))
    assert {"warm_me.first", "warm_me.second"} <= {p.name for p in told}
    second = warm_up(plan, workers=1)
    assert second.compiled == 0 and second.cached == told[0].total


def test_a_kernel_that_does_not_compile_is_named_and_the_others_are_done(tmp_path):
    result = warm_up(plan_of(tmp_path, "Wrong"), workers=1)
    assert list(result.failures) == ["warm_me.wrong"]
    assert result.compiled >= 1


def test_a_class_that_cannot_be_imported_is_left_to_its_actor(tmp_path):
    result = warm_up(plan_of(tmp_path, "Two", "Absent"), workers=1)
    assert result.compiled >= 2 and not result.failures

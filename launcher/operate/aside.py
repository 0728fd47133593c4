"""Standing aside: a verb that only looks keeps out of the way of those it looks at."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from actors.runtime.plan import Plan

__all__ = ["standing_aside"]


@contextlib.contextmanager
def standing_aside(plan: Plan) -> Iterator[None]:
    """Meanwhile this thread leaves alone the cores where reactors of ``plan`` spin, if it has
    another, and does not interrupt whoever runs when it wakes up (SCHED_BATCH)."""
    cores, policy = os.sched_getaffinity(0), os.sched_getscheduler(0)
    spinning = {thread.core for process in plan.processes for thread in process.threads
                if thread.core is not None and thread.wait != "blocking"}
    if policy == os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    os.sched_setaffinity(0, cores - spinning or cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        os.sched_setscheduler(0, policy, os.sched_param(0))

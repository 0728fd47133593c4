"""What must hold after an experiment, and what a process may have grown by. Pure but for /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from launcher.audit import Audit
from launcher.chaos.model import Expectations
from launcher.chaos.watch import Outcome, Struck
from actors.runtime.durations import format_duration

__all__ = ["Invariant", "Resources", "check_audit", "check_recovery", "check_resources",
           "resources_of"]

_SHOWN = 5


@dataclass(frozen=True)
class Invariant:
    """Something that must hold, whether it did, and what was found."""

    name: str
    holds: bool
    found: str

    def as_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Resources:
    """What one process has: resident bytes, open descriptors."""

    rss_bytes: int
    descriptors: int


def resources_of(pids: dict[str, int]) -> dict[str, Resources]:
    """What each living process has, by its name."""
    found = {}
    for name, pid in pids.items():
        try:
            descriptors = len(os.listdir(f"/proc/{pid}/fd"))
            with open(f"/proc/{pid}/statm", "rb") as file:
                pages = int(file.read().split()[1])
        except (OSError, IndexError):
            continue
        found[name] = Resources(pages * os.sysconf("SC_PAGE_SIZE"), descriptors)
    return found


def check_resources(before: dict[str, Resources], after: dict[str, Resources],
                    expect: Expectations) -> list[Invariant]:
    """Whether some process has grown by more than may be, from ``before`` to ``after``."""
    both = before.keys() & after.keys()
    memory = {n: (after[n].rss_bytes - before[n].rss_bytes) / 2**20 for n in both}
    descriptors = {n: after[n].descriptors - before[n].descriptors for n in both}
    return [_grown("memory does not grow", memory, expect.memory_growth_mib, "MiB"),
            _grown("descriptors do not grow", descriptors, expect.descriptors_growth,
                   "descriptors"),
            Invariant("every process is there", before.keys() <= after.keys(),
                      f"{len(after)} of {len(before)}")]


def _grown(name: str, growth: dict[str, float], most: float, unit: str) -> Invariant:
    if not growth:
        return Invariant(name, False, "no process could be looked at before and after")
    worst = max(growth, key=growth.get)
    return Invariant(name, growth[worst] <= most,
                     f"{worst} by {growth[worst]:+.0f} {unit}, {most:g} are allowed")


def check_recovery(struck: Iterable[Struck], expect: Expectations) -> Invariant:
    """Whether everything was well again in time after each fault."""
    late = [s for s in struck if s.outcome == Outcome.NOT_RECOVERED
            or s.recovery_ns is not None and s.recovery_ns > expect.recovery]
    slowest = max((s.recovery_ns for s in struck if s.recovery_ns is not None), default=0)
    found = ", ".join(f"{s.step.fault} {s.step.target} at {format_duration(s.step.at_ns)}"
                      for s in late[:_SHOWN])
    return Invariant("recovery is in time", not late,
                     f"not after {found}" if late else
                     f"{slowest / 1e6:,.1f} ms at most, {format_duration(expect.recovery)} are "
                     f"allowed")


def check_audit(audit: Audit | None, why_not: str, expect: Expectations) -> list[Invariant]:
    """What the audit says; ``why_not`` if there could be none."""
    if audit is None:
        return [Invariant("the audit can be made", False, why_not)]
    differences = audit.differences
    twice = [d for d in differences if d.what == "contradiction" and "twice" in d.believed]
    found = f"{len(differences)} differences over {audit.orders:,} orders, {audit.fills:,} fills"
    if differences:
        found += ": " + "; ".join(map(str, differences[:_SHOWN]))
    return [
        Invariant("what everybody believes is what the exchange knows",
                  not differences or expect.audit == "reported", found),
        Invariant("no order is at the exchange twice", not twice,
                  twice[0].believed if twice else f"{audit.orders:,} orders"),
        Invariant("no message is unexplained", audit.unexplained == 0,
                  f"{audit.unexplained:,} of {audit.ledger.get('sent', 0):,}"),
    ]

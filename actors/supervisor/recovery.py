"""How long a restart took, by phase. Pure: from stamps to phases.

::

    last sign of life ─ detect ─ found dead ─ reap ─ reaped ─ back off ─ fork asked for ─ fork ─
    it runs ─ load, replay ─ it handles messages ─ log in ─ connected ─ catch up ─ it is ready ─
    ready ─ the supervisor has seen it

The last sign of life is the last heartbeat, or the kill itself where the supervisor sent it. What
an actor does not tell (a replay, a log-in) is part of the phase that follows or holds it. All
stamps are monotonic ns; phases add up to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PHASES", "Stamps", "phases_of", "phases_text"]

PHASES = ("detect", "reap", "back_off", "fork", "load", "replay", "log_in", "catch_up", "ready")


@dataclass(frozen=True)
class Stamps:
    """When a process was last alive, found dead, reaped, its successor asked for; when that began
    to run, handled messages, was connected, ready, and seen to be. 0: nobody said. ``replay_ns``:
    how long of the time before it handled messages it replayed a journal."""

    sign_ns: int
    dead_ns: int
    reaped_ns: int
    asked_ns: int
    began_ns: int
    live_ns: int
    connected_ns: int
    ready_ns: int
    seen_ns: int
    replay_ns: int = 0


def phases_of(stamps: Stamps) -> dict[str, int]:
    """The length of each of :data:`PHASES` in ns. A stamp that is missing, or older than the one
    before it, makes its phase 0 and the next one longer."""
    at = stamps.sign_ns
    lengths = {}
    ends = (("detect", stamps.dead_ns), ("reap", stamps.reaped_ns), ("back_off", stamps.asked_ns),
            ("fork", stamps.began_ns), ("load", stamps.live_ns), ("log_in", stamps.connected_ns),
            ("catch_up", stamps.ready_ns), ("ready", stamps.seen_ns))
    for name, end in ends:
        end = max(min(end, stamps.seen_ns), at)
        lengths[name], at = end - at, end
    lengths["replay"] = min(max(stamps.replay_ns, 0), lengths["load"])
    lengths["load"] -= lengths["replay"]
    return {name: lengths[name] for name in PHASES}


def phases_text(phases: dict[str, int]) -> str:
    """``detect 1, reap 0, fork 8, load 5`` in ms, without phases in which nothing was done."""
    told = [(name, ns) for name, ns in phases.items()
            if ns >= 500_000 or name in ("detect", "reap", "fork", "load")]
    return ", ".join(f"{name.replace('_', ' ')} {ns / 1e6:.0f}" for name, ns in told)

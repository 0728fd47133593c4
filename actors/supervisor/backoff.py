"""How long to wait before a restart, and whether there may be one. Pure arithmetic.

The first failure in a row is made good at once. From the second on: exponential backoff, capped,
spread by jitter so that actors that died together do not return together; a budget of restarts in
any period, as in Erlang/OTP's *restart intensity*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actors.runtime.plan import Backoff, RestartPlan

if TYPE_CHECKING:
    from actors.supervisor.rules import GroupRules

__all__ = ["backoff_ns", "least_backoff_ns", "next_random", "recent_restarts", "within_budget"]

_MASK = (1 << 64) - 1


def next_random(seed: int) -> tuple[int, float]:
    """The next seed, and a number in [0, 1). SplitMix64 (Steele, Lea, Flood 2014)."""
    seed = (seed + 0x9E3779B97F4A7C15) & _MASK
    mixed = seed
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    mixed ^= mixed >> 31
    return seed, (mixed >> 11) / (1 << 53)


def backoff_ns(backoff: Backoff, failures: int, random: float) -> int:
    """Delay in ns after failure number ``failures`` (from 0) in a row; ``random`` in [0, 1).

    None after the first; then ``initial * factor**(failures - 1)``, spread by up to ``jitter`` of
    itself, at most ``max``.
    """
    spread = 1.0 + backoff.jitter * (2.0 * random - 1.0)
    return min(int(_middle_ns(backoff, failures) * spread), backoff.max_ns)


def least_backoff_ns(backoff: Backoff, failures: int) -> int:
    """The shortest delay that :func:`backoff_ns` may give."""
    return min(int(_middle_ns(backoff, failures) * (1.0 - backoff.jitter)), backoff.max_ns)


def _middle_ns(backoff: Backoff, failures: int) -> float:
    if failures == 0:
        return 0.0
    middle = float(backoff.initial_ns)
    for _ in range(failures - 1):
        if middle >= backoff.max_ns or backoff.factor <= 1.0:
            break
        middle *= backoff.factor
    return min(middle, float(backoff.max_ns))


def within_budget(budget: RestartPlan | GroupRules, restarted_ns: Sequence[int],
                  at_ns: int) -> bool:
    """Whether one more restart at ``at_ns`` leaves every period of ``within_ns`` with at most
    ``max_restarts``; ``restarted_ns`` are the times of those before it."""
    return len(recent_restarts(budget, restarted_ns, at_ns)) < budget.max_restarts


def recent_restarts(budget: RestartPlan | GroupRules, restarted_ns: Sequence[int],
                    at_ns: int) -> tuple[int, ...]:
    """Those of ``restarted_ns`` that count at ``at_ns``."""
    return tuple(t for t in restarted_ns if t > at_ns - budget.within_ns)

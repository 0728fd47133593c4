"""Going through a table of orders a piece at a time, to ask about those that nobody answered.

An order that was on its way to somebody who died is asked about, never given up. A sweep begins at
once when the one who is asked has been restarted, and about every ASK_AFTER_NS for what has waited
so long. Queries go the way that orders go, and wires keep their order: so the answer is final.
"""

import numpy as np

from actors.runtime.native import kernel

__all__ = ["ASK_AFTER_NS", "RECOVER_NS", "SOON_NS", "SWEEP", "begin_sweep", "is_overdue",
           "is_urgent", "sweep_at_once"]

#: An order without an answer for so long is asked about. The gateway's own timeout is shorter.
ASK_AFTER_NS = 1_000_000_000
#: How often to look whether something is to be asked; and how soon to go on with what is urgent.
RECOVER_NS = 10_000_000
SOON_NS = 50_000

#: It goes on with row ``at``, began at ``began_ns``, is about orders sent before ``before_ns``, and
#: found ``asked`` so far.
SWEEP = np.dtype([("before_ns", "i8"), ("at", "i8"), ("began_ns", "i8"), ("asked", "i8")])


@kernel
def sweep_at_once(sweep, now_ns):
    """Begins a sweep about everything sent before now."""
    sweep.before_ns = now_ns
    sweep.began_ns = now_ns
    sweep.at = 0
    sweep.asked = 0


@kernel
def begin_sweep(sweep, rows, now_ns):
    """Whether there is something to go on with in a table of ``rows``; begins a sweep if it is
    time for one."""
    if sweep.at < rows:
        return True
    if now_ns - sweep.began_ns < ASK_AFTER_NS:
        return False
    sweep.at = 0
    sweep.asked = 0
    sweep.began_ns = now_ns
    sweep.before_ns = now_ns - ASK_AFTER_NS
    return True


@kernel
def is_overdue(sweep, sent_ns):
    """Whether this sweep is about an order sent at ``sent_ns``. One from the future was sent before
    the machine was started anew."""
    return sent_ns < sweep.before_ns or sent_ns > sweep.began_ns + ASK_AFTER_NS


@kernel
def is_urgent(sweep, rows):
    """Whether a sweep that began at once is not over yet."""
    return sweep.at < rows and sweep.before_ns == sweep.began_ns

"""Who may trade: leases, trading modes, probes and requests, in the deployment page.

::

    supervisor   renews lease 0 at every look, writes floor, mode, granted, and requests
    risk         renews lease 1 + slot from its reactor's timer, takes probes, flattens, answers
    gateway      checks the leases and the mode with every order, cancels, answers

Nobody waits for anybody: a word that is not renewed in time says that its writer is dead, hung,
stopped or cut off, and the gateway sees that in its own clock.

A request is its number, stored after its arguments. Whoever has to act on it finds a number that is
not its own ``done``, acts, and stores the number there. An actor that dies half-way leaves ``done``
as it was, so its next incarnation completes the request.
"""

import numba

from actors.runtime.layout import ANSWER, DEPLOYMENT, TRADING
from actors.runtime.native import (
    address_to_pointer, fetch_add, kernel, load_acquire, load_i64, store_release,
)
from actors.runtime.wire import context
from schemas.enums import TradingState

__all__ = [
    "MODES", "answer_at", "answer_done", "answers_missing", "gateway_answer", "holds_lease",
    "mode_of", "mode_of_floor", "renew_lease", "request_number", "risk_answer", "severity", "stricter",
    "strictest", "take_probe", "trading_of",
]

#: From the least to the most restrictive.
MODES = (TradingState.TRADING, TradingState.REDUCE_ONLY, TradingState.PAUSED, TradingState.HALTED)

_AT = DEPLOYMENT.fields["trading"][1]
_PERIOD = _AT + TRADING.fields["period_ns"][1]
_HOLDERS = _AT + TRADING.fields["holders"][1]
_LEASES = _AT + TRADING.fields["leases"][1]
_FLOOR = _AT + TRADING.fields["floor"][1]
_MODE = _AT + TRADING.fields["mode"][1]
_GRANTED = _AT + TRADING.fields["granted"][1]
_TAKEN = _AT + TRADING.fields["taken"][1]
_REQUEST = _AT + TRADING.fields["request"][1]
_GATEWAYS = _AT + TRADING.fields["gateways"][1]
_RISK_ANSWERS = _AT + TRADING.fields["risk"][1]
_GATEWAY_ANSWERS = _AT + TRADING.fields["gateway"][1]
_ANSWER_SIZE = ANSWER.itemsize
_DONE = ANSWER.fields["done"][1]
_REDUCE_ONLY, _PAUSED = int(TradingState.REDUCE_ONLY), int(TradingState.PAUSED)
_HALTED = int(TradingState.HALTED)


@kernel
def severity(mode):
    """0 for TRADING (and for a page nobody wrote) to 3 for HALTED."""
    if mode == _HALTED:
        return 3
    if mode == _PAUSED:
        return 2
    return 1 if mode == _REDUCE_ONLY else 0


@kernel
def stricter(a, b):
    """The more restrictive of two trading states."""
    return a if severity(a) >= severity(b) else b


def strictest(*modes: TradingState) -> TradingState:
    """The most restrictive of trading states; TRADING if there are none."""
    return max((TradingState.TRADING, *modes), key=MODES.index)


# ---- for handlers --------------------------------------------------------------------------------

@kernel
def trading_of(ctx):
    """The TRADING record. Words that others write are read through the functions here."""
    at = context(ctx).deployment + _AT
    return numba.carray(address_to_pointer(at), 1, TRADING)[0]


@kernel
def holds_lease(ctx, now_ns):
    """Whether every lease that is demanded holds at ``now_ns``: a load for each, two as a rule."""
    page = context(ctx).deployment
    for i in range(load_i64(page + _HOLDERS)):
        if load_acquire(page + _LEASES + 8 * i) <= now_ns:
            return False
    return True


@kernel
def renew_lease(ctx, now_ns):
    """Risk renews its lease. Returns the period, 0 if there is none."""
    actor = context(ctx)
    period = load_i64(actor.deployment + _PERIOD)
    store_release(actor.deployment + _LEASES + 8 * (1 + actor.slot), now_ns + period)
    return period


@kernel
def mode_of_floor(ctx):
    """The trading state that no probe gets past."""
    return load_acquire(context(ctx).deployment + _FLOOR)


@kernel
def mode_of(ctx):
    """The trading state for all but probes."""
    return load_acquire(context(ctx).deployment + _MODE)


@kernel
def take_probe(ctx):
    """Takes one of the probes that half-open breakers grant. False if none is left."""
    page = context(ctx).deployment
    if load_acquire(page + _TAKEN) >= load_acquire(page + _GRANTED):
        return False
    if fetch_add(page + _TAKEN, 1) < load_acquire(page + _GRANTED):
        return True
    fetch_add(page + _TAKEN, -1)  # another risk manager was quicker
    return False


@kernel
def request_number(ctx):
    """The number of the last request; its arguments are in :func:`trading_of`."""
    return load_acquire(context(ctx).deployment + _REQUEST)


@kernel
def risk_answer(ctx):
    """Where this risk manager answers: the address of its ANSWER record."""
    actor = context(ctx)
    return actor.deployment + _RISK_ANSWERS + actor.slot * _ANSWER_SIZE


@kernel
def gateway_answer(ctx):
    """Where this gateway answers."""
    actor = context(ctx)
    return actor.deployment + _GATEWAY_ANSWERS + actor.slot * _ANSWER_SIZE


@kernel
def answer_at(address):
    """The ANSWER record at ``address``."""
    return numba.carray(address_to_pointer(address), 1, ANSWER)[0]


@kernel
def answer_done(address, number, now_ns):
    """Request ``number`` is completed: stored after all that the answer says."""
    answer_at(address).done_ns = now_ns
    store_release(address + _DONE, number)


@kernel
def answers_missing(ctx, number):
    """How many gateways have not completed request ``number``."""
    page = context(ctx).deployment
    missing = 0
    for i in range(load_i64(page + _GATEWAYS)):
        if load_acquire(page + _GATEWAY_ANSWERS + i * _ANSWER_SIZE + _DONE) != number:
            missing += 1
    return missing

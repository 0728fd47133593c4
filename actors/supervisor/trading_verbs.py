"""The control socket's verbs for trading: each begins something and says under which number.

==============  =========================  ====================================================
verb            arguments                  reply
==============  =========================  ====================================================
``halt``        ``reason``                 ``request``
``arm``                                    the same
``pause``       ``reason``                 the same
``resume``                                 the same
``cancel_all``  ``symbol``, ``strategy``   the same
``flatten``     ``symbol``                 the same
``trading``     ``request``                how trading stands; of a request, what became of it
==============  =========================  ====================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from actors.runtime.plan import Plan
from actors.supervisor.control import RequestError
from actors.supervisor.kill_switch import Busy, KillSwitch
from schemas.enums import TradingState

__all__ = ["trading_verbs_of"]

Request = Mapping[str, Any]
_LONGEST_REASON = 200


def trading_verbs_of(plan: Plan, switch: KillSwitch) -> dict[str, Callable[[Request], dict]]:
    """The verbs by name, for a ControlServer."""
    def asks(verb: Callable[[Request], int]) -> Callable[[Request], dict[str, Any]]:
        def answer(request: Request) -> dict[str, Any]:
            try:
                return {"request": verb(request)}
            except Busy as busy:
                raise RequestError("busy", str(busy)) from None
        return answer

    def resume(request: Request) -> int:
        if switch.words["operator"] == TradingState.HALTED:
            raise RequestError("halted", f"trading is {switch.why}; only 'arm' ends that")
        return switch.resume()

    def pause(request: Request) -> int:
        if switch.words["operator"] == TradingState.HALTED:
            raise RequestError("halted", f"trading is {switch.why} already")
        return switch.pause(_reason(request))

    def flatten(request: Request) -> int:
        if not plan.risks:
            raise RequestError("no_risk", "the deployment has no risk manager, which would know "
                                          "positions and close them")
        if switch.words["operator"] == TradingState.HALTED:
            raise RequestError("halted", f"trading is {switch.why}: no order may go out, closing "
                                         f"ones neither; 'arm' first")
        return switch.flatten(_symbol(plan, request), _reason(request) or "flattened")

    return {
        "halt": asks(lambda request: switch.halt(_reason(request) or "no reason given")),
        "arm": asks(lambda request: switch.arm()),
        "pause": asks(pause),
        "resume": asks(resume),
        "cancel_all": asks(lambda request: switch.cancel_all(_symbol(plan, request),
                                                             _strategy(plan, request))),
        "flatten": asks(flatten),
        "trading": lambda request: _trading(switch, request),
    }


def _trading(switch: KillSwitch, request: Request) -> dict[str, Any]:
    number = request.get("request")
    if number is None:
        return switch.summary()
    if isinstance(number, bool) or not isinstance(number, int):
        raise RequestError("bad_request", "'request' has to be the number of a request")
    return switch.outcome(number)


def _reason(request: Request) -> str:
    reason = request.get("reason") or ""
    if not isinstance(reason, str):
        raise RequestError("bad_request", "'reason' has to be a text")
    return reason[:_LONGEST_REASON]


def _symbol(plan: Plan, request: Request) -> int:
    symbol = request.get("symbol")
    if symbol is None:
        return -1
    if symbol not in plan.symbols:
        raise RequestError("unknown_symbol", f"no symbol {str(symbol)[:20]!r}; there are "
                                             f"{', '.join(plan.symbols)}")
    return plan.symbols.index(symbol)


def _strategy(plan: Plan, request: Request) -> int:
    """A strategy's number in its orders: its actor's place, from 1."""
    name = request.get("strategy")
    if name is None:
        return -1
    for actor in plan.actors:
        if actor.name == name:
            return actor.index + 1
    raise RequestError("unknown_actor", f"no actor {str(name)[:60]!r}; there are "
                                        f"{', '.join(a.name for a in plan.actors)}")

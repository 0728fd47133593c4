"""The supervisor's half of the kill switch: its lease, the trading mode, requests, breakers.

All of it is in the trading page (:mod:`actors.runtime.trading`), so that the next supervisor
goes on from there. What must outlast the page, a halt, is in the run folder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actors.runtime.clock import monotonic_ns
from actors.runtime.layout import ROLE_SLOTS
from actors.runtime.plan import Plan
from actors.runtime.trading import strictest
from actors.supervisor import breakers
from actors.supervisor.breaker_signals import BreakerSignals
from actors.supervisor.breakers import Breaker, Changed, Grant, Phase, Revoke
from actors.supervisor.latch import is_latched, release, set_latch
from actors.supervisor.pages import Pages
from schemas.enums import Instruction, TradingState

__all__ = ["Busy", "KillSwitch"]

_RENEWALS = 5  # in a period
_LAPSED = 1    # a lease that is demanded and was never held
_PATIENCE_NS = 10_000_000_000
_BY_RISK = (Instruction.FLATTEN, Instruction.ARM)  # not done before risk has done its part

Tell = Callable[..., None]


class Busy(RuntimeError):
    """Another request is under way. The message says which."""


class KillSwitch:
    """``tell(kind, text, **data)`` hears of everything that changes."""

    def __init__(self, plan: Plan, pages: Pages, tell: Tell):
        self.plan, self._tell = plan, tell
        self.words = pages.deployment["trading"]
        self.beat_ns = plan.lease.period_ns // _RENEWALS
        self.next_ns = 0
        self.breakers = [Breaker(rules) for rules in plan.breakers]
        self._signals = [BreakerSignals(rules, plan, pages) for rules in plan.breakers]
        self._risk_modes = [TradingState.TRADING] * len(plan.risks)
        self._reason = ""
        self._begin()

    def _begin(self) -> None:
        words, lease = self.words, self.plan.lease
        if max(len(self.plan.risks), len(self.plan.gateways)) >= ROLE_SLOTS:
            raise ValueError(f"more than {ROLE_SLOTS - 1} risk managers or gateways")
        words["grace_ns"], words["cancels"] = lease.grace_ns, lease.on_lost == "cancel_all"
        words["gateways"], words["risks"] = len(self.plan.gateways), len(self.plan.risks)
        held = words["leases"][1:1 + len(self.plan.risks)]
        held[held == 0] = _LAPSED
        words["period_ns"] = lease.period_ns
        self._renew(monotonic_ns())
        words["holders"] = 1 + len(self.plan.risks)
        if words["operator"] == TradingState.NONE:
            words["operator"] = TradingState.TRADING
        latch = is_latched(self.plan.run_dir)
        if latch is not None:
            words["operator"] = TradingState.HALTED
            self._tell("trading_mode", f"trading is HALTED, by {latch.by}: {latch.reason}; pitwire "
                                       f"arm ends that", mode="HALTED")
        self._publish()

    # ---- regularly ---------------------------------------------------------------------------

    def turn(self, now_ns: int) -> None:
        """Renews the lease and looks at what breakers listen to; to be called at ``next_ns``."""
        self._renew(now_ns)
        for i, signals in enumerate(self._signals):
            event = signals.look(now_ns)
            if event is not None:
                self._feed(i, event, now_ns)
            due = breakers.next_ns(self.breakers[i])
            if due is not None and now_ns >= due:
                self._feed(i, breakers.Tick(), now_ns)
        self._watch_risk()
        if self.words["flattening"] and self.missing() == 0:
            self.words["flattening"] = 0

    def _renew(self, now_ns: int) -> None:
        self.words["leases"][0] = now_ns + self.plan.lease.period_ns
        self.next_ns = now_ns + self.beat_ns

    def _watch_risk(self) -> None:
        for i, name in enumerate(self.plan.risks):
            mode = TradingState(int(self.words["risk"][i]["mode"])) or TradingState.TRADING
            if mode != self._risk_modes[i]:
                self._risk_modes[i] = mode
                self._tell("trading_mode", f"{name} is {mode.name}", mode=mode.name)

    def died(self, actors: tuple[str, ...]) -> None:
        """A process with these actors ended without being asked."""
        for signals in self._signals:
            signals.died(actors)

    def restarting(self, actors: tuple[str, ...], used: int, budget: int) -> None:
        """It is started again, having used so much of its budget of restarts."""
        for signals in self._signals:
            signals.restarting(actors, used, budget)

    def _feed(self, i: int, event: breakers.Event, now_ns: int) -> None:
        self.breakers[i], actions = breakers.step(self.breakers[i], event, now_ns)
        for action in actions:
            match action:
                case Revoke():
                    self.words["granted"] = self.words["taken"]
                case Grant():
                    self.words["granted"] += action.probes
                case Changed():
                    self._changed(self.breakers[i], action)

    def _changed(self, breaker: Breaker, change: Changed) -> None:
        name = breaker.rules.name
        self._tell("breaker", f"breaker {name} {change.text}", breaker=name,
                   phase=change.phase.value, opened=breaker.opened)
        self._publish()
        if change.phase == Phase.OPEN and breaker.rules.on_open == "cancel_all":
            self._ask(Instruction.CANCEL_ALL)
        elif change.phase == Phase.OPEN and breaker.latches:
            self.halt(breaker.why, f"breaker {name}")

    # ---- the mode ----------------------------------------------------------------------------

    def _publish(self) -> None:
        operator = TradingState(int(self.words["operator"]))
        firm = [breakers.mode_of_open(b) for b in self.breakers if b.phase == Phase.OPEN]
        soft = [breakers.mode_of_open(b) for b in self.breakers if b.phase == Phase.HALF_OPEN]
        self.words["mode"] = strictest(operator, *firm, *soft)
        self.words["floor"] = strictest(operator, *firm)

    def _operate(self, mode: TradingState, reason: str) -> None:
        self.words["operator"], self._reason = mode, reason
        self._publish()
        self._tell("trading_mode", f"trading is {mode.name}" + (f": {reason}" if reason else ""),
                   mode=mode.name)

    @property
    def mode(self) -> TradingState:
        """The state in force: the operator's, the breakers' and risk's, whichever is strictest."""
        return strictest(TradingState(int(self.words["mode"])), *self._risk_modes)

    @property
    def why(self) -> str:
        """What makes trading less than free, for people; empty if nothing does."""
        latch = is_latched(self.plan.run_dir)
        said = [f"halted by {latch.by}: {latch.reason}"] if latch is not None else []
        if latch is None and self.words["operator"] != TradingState.TRADING:
            word = TradingState(int(self.words["operator"])).name.lower()
            said.append(f"{word} by the operator" + (f": {self._reason}" if self._reason else ""))
        said += [f"breaker {b.rules.name} is {b.phase.value}: {b.why}"
                 for b in self.breakers if b.phase != Phase.CLOSED]
        said += [f"{name} is {mode.name} by its own limits" for name, mode
                 in zip(self.plan.risks, self._risk_modes, strict=True)
                 if mode != TradingState.TRADING]
        return "; ".join(said)

    # ---- what people ask for -----------------------------------------------------------------

    def halt(self, reason: str, by: str = "the operator") -> int:
        """No new orders from now on, whatever restarts, and every working order cancelled. Returns
        the number of the request; takes over from one that is under way."""
        set_latch(self.plan.run_dir, reason, by)
        self._operate(TradingState.HALTED, reason)
        return self._ask(Instruction.HALT)

    def arm(self) -> int:
        """Ends a halt, a pause, risk's own halt, and whatever breakers have opened."""
        self._refuse_if_busy()
        release(self.plan.run_dir)
        now = monotonic_ns()
        for i in range(len(self.breakers)):
            self._feed(i, breakers.Rearmed(), now)
        self._operate(TradingState.TRADING, "")
        return self._ask(Instruction.ARM)

    def pause(self, reason: str) -> int:
        """No new orders; working ones stay."""
        self._refuse_if_busy()
        self._operate(TradingState.PAUSED, reason)
        return self._ask(Instruction.PAUSE)

    def resume(self) -> int:
        """Ends a pause."""
        self._refuse_if_busy()
        self._operate(TradingState.TRADING, "")
        return self._ask(Instruction.RESUME)

    def cancel_all(self, symbol_id: int = -1, strategy_id: int = -1) -> int:
        """Cancels working orders: of a symbol, of a strategy, or all."""
        self._refuse_if_busy()
        return self._ask(Instruction.CANCEL_ALL, symbol_id, strategy_id)

    def flatten(self, symbol_id: int, reason: str) -> int:
        """Pauses the strategies, cancels, and has risk close positions: of a symbol, or all."""
        self._refuse_if_busy()
        self._operate(TradingState.PAUSED, reason)
        self.words["flattening"] = 1
        return self._ask(Instruction.FLATTEN, symbol_id)

    def _refuse_if_busy(self) -> None:
        """A request that nobody has completed for long may be given up for another."""
        age_ns = monotonic_ns() - int(self.words["requested_ns"])
        if self.missing() and age_ns < _PATIENCE_NS:
            word = Instruction(int(self.words["instruction"])).name.lower().replace("_", "-")
            raise Busy(f"'{word}' is still under way; only a halt takes over")

    def _ask(self, instruction: Instruction, symbol_id: int = -1, strategy_id: int = -1) -> int:
        words = self.words
        words["flattening"] = instruction == Instruction.FLATTEN
        words["instruction"] = instruction
        words["symbol_id"], words["strategy_id"] = symbol_id, strategy_id
        words["requested_ns"] = monotonic_ns()
        words["request"] += 1  # last: whoever sees it sees the rest
        return int(words["request"])

    def missing(self) -> int:
        """How many actors have not completed the last request."""
        return len(self._waiting())

    def _answers(self) -> list[tuple[str, Any]]:
        """Who has to complete the last request, and what each has answered so far."""
        words, plan = self.words, self.plan
        answers = list(zip(plan.gateways, words["gateway"], strict=False))
        if int(words["instruction"]) in _BY_RISK:
            answers += zip(plan.risks, words["risk"], strict=False)
        return answers

    def _waiting(self) -> list[str]:
        number = self.words["request"]
        return [name for name, answer in self._answers() if answer["done"] != number]

    def outcome(self, number: int) -> dict[str, Any]:
        """What has become of request ``number`` so far. ``took_ns`` counts from its entry in the
        page to the last actor's answer, by their own clocks."""
        words, plan = self.words, self.plan
        if number != words["request"]:
            return {"request": number, "done": False, "superseded": True}
        gateways, risks = words["gateway"][:len(plan.gateways)], words["risk"][:len(plan.risks)]
        begun = [a for a in gateways if a["request"] == number]
        closing = [a for a in risks if a["request"] == number]
        waiting = self._waiting()
        ends = [int(answer["done_ns"]) for _, answer in self._answers()]
        return {
            "request": number, "done": not waiting, "superseded": False, "waiting_for": waiting,
            "orders_cancelled": sum(int(a["asked"] - a["left"]) for a in begun),
            "orders_left": sum(int(a["left"]) for a in begun),
            "shares_flattened": sum(int(a["shares"] - a["left"]) for a in closing),
            "shares_left": sum(int(a["left"]) for a in closing),
            "orders_sent": sum(int(a["sent"]) for a in closing),
            "took_ns": max(ends, default=0) - int(words["requested_ns"]) if not waiting else 0,
            "mode": self.mode.name, "why": self.why,
        }

    def summary(self) -> dict[str, Any]:
        """How trading stands, for ``ps`` and ``status``."""
        now, holders = monotonic_ns(), ("supervisor", *self.plan.risks)
        return {
            "mode": self.mode.name, "why": self.why,
            "lease": {"period_ns": self.plan.lease.period_ns,
                      "missing": [name for name, until in zip(
                          holders, self.words["leases"][:len(holders)], strict=True)
                          if until <= now],
                      "losses": {name: int(self.words["gateway"][i]["losses"])
                                 for i, name in enumerate(self.plan.gateways)}},
            "breakers": {b.rules.name: {"phase": b.phase.value, "failures": b.failures,
                                        "opened": b.opened, "why": b.why} for b in self.breakers},
        }

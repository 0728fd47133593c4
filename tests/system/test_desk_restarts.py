"""Strategy, risk and gateway are killed in turn while the desk trades: all of them, and the
exchange, agree in the end on what was traded and what works."""

import pathlib

import pytest

from actors.risk.positions import POSITION_STATE
from actors.runtime.vitals import Vitals, map_table
from actors.strategy.orders import STRATEGY_STATE, SYMBOL_STATE
from tests.runtime.deployments import eventually
from tests.system.desk import desk, until_counted

pytestmark = pytest.mark.system

ACTORS = ("risk", "strategy", "gateway")
ROUNDS = 2


class Beliefs:
    """What the pages of a running desk say."""

    def __init__(self, cli):
        plan = cli.plan()
        self._shm, self._symbols = plan["shm_dir"], len(plan["symbols"])

    def page(self, actor) -> Vitals:
        return Vitals(pathlib.Path(self._shm) / f"{actor}.vitals")

    def table(self, actor, name, dtype, rows):
        return map_table(self._shm, actor, name, dtype, (rows,))

    def positions(self) -> tuple[list[int], list[int]]:
        """Of the strategy and of risk."""
        ours = self.table("strategy", "symbols", SYMBOL_STATE, self._symbols)["position"]
        risk = self.table("risk", "positions", POSITION_STATE, self._symbols)["quantity"]
        return ours.tolist(), risk.tolist()

    def fills(self) -> list[int]:
        return [self.page(a).counter("fills") for a in ("exchange", "gateway", "risk", "strategy")]

    def working(self) -> list[int]:
        """Orders of the strategy, and open shares at risk, that may still trade."""
        positions = self.table("risk", "positions", POSITION_STATE, self._symbols)
        return [int(self.table("strategy", "state", STRATEGY_STATE, 1)["working"][0]),
                int(positions["open_buy"].sum() + positions["open_sell"].sum())]


def test_all_agree_after_each_was_killed_several_times():
    quick = {"window": 50, "threshold_sigma": 1.0}
    with desk(actors={"strategy": {"config": quick}}) as cli:
        cli("up", "-d")
        beliefs = Beliefs(cli)
        filled = until_counted(cli, "gateway", "fills")
        for epoch in range(2, 2 + ROUNDS):
            for actor in ACTORS:
                cli("kill", actor)
                eventually(lambda: int(beliefs.page(actor).header["epoch"]) == epoch,  # noqa: B023
                           60, f"epoch {epoch} of {actor}")
                filled = until_counted(cli, "strategy", "fills", filled)
        cli("stop", "feed")  # nobody decides anything without a market
        eventually(lambda: beliefs.working() == [0, 0], 60, "an end of all that works")
        eventually(lambda: len(set(beliefs.fills())) == 1, 20, f"as many fills: {beliefs.fills()}")
        strategy, risk = beliefs.positions()
        assert strategy == risk
        cli("down")
        assert cli.left_over() == []

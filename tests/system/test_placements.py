"""Every actor in every place: its own process, a thread of somebody else's, somebody's thread."""

import pytest

from tests.system.desk import desk, trade

pytestmark = pytest.mark.system

#: Actor: a neighbour, to whose process or thread it moves.
NEIGHBOURS = {"exchange": "feed", "feed": "strategy", "strategy": "risk", "risk": "gateway",
              "gateway": "exchange"}


def unpinned(**placed):
    """A place for some actors, and no core for any."""
    names = ("exchange", "feed", "strategy", "risk", "gateway", "monitor")
    return {name: {"core": None, "depends_on": None, **placed.get(name, {})} for name in names}


@pytest.mark.parametrize("actor", NEIGHBOURS)
def test_an_actor_trades_on_a_thread_of_its_own_in_a_neighbours_process(actor):
    neighbour = NEIGHBOURS[actor]
    with desk(actors=unpinned(**{actor: {"process": "shared", "thread": "guest"},
                                 neighbour: {"process": "shared", "thread": "host"}})) as cli:
        report = trade(cli)
        assert _processes(cli)[actor] == _processes(cli)[neighbour] == "shared"
        assert len(cli.plan()["processes"]) == 5
    assert report["fills"] > 0


@pytest.mark.parametrize("actor", NEIGHBOURS)
def test_an_actor_trades_on_a_neighbours_thread(actor):
    neighbour = NEIGHBOURS[actor]
    with desk(actors=unpinned(**{actor: {"process": "shared"},
                                 neighbour: {"process": "shared"}})) as cli:
        report = trade(cli)
        threads = [t for p in cli.plan()["processes"] for t in p["threads"]]
        assert len(threads) == 5
    assert report["fills"] > 0


def test_the_monitor_which_is_plain_python_moves_to_a_thread_beside_compiled_actors():
    with desk(actors=unpinned(monitor={"process": "shared", "thread": "plain"},
                              risk={"process": "shared", "thread": "compiled"})) as cli:
        report = trade(cli)
    assert report["fills"] > 0 and report["counters"]["monitor"]["reports"] > 0


def test_everything_but_the_monitor_trades_on_one_thread():
    together = ("exchange", "feed", "strategy", "risk", "gateway")
    with desk(actors=unpinned(**{name: {"process": "all"} for name in together})) as cli:
        report = trade(cli)
    assert report["fills"] > 0


def _processes(cli):
    return {actor["name"]: actor["process"] for actor in cli.plan()["actors"]}

"""The desk on multicast lines: what a feed that was killed missed comes from the venue again."""

import socket

import pytest

from tests.system.desk import desk, free_ports, trade, until_counted, until_running

pytestmark = pytest.mark.system


def multicast_desk():
    first, second, requests = free_ports(3, socket.SOCK_DGRAM)
    (snapshots,) = free_ports(1, socket.SOCK_STREAM)
    groups = [f"239.192.7.1:{first}", f"239.192.7.2:{second}"]
    servers = {"retransmission": f"127.0.0.1:{requests}", "glimpse": f"127.0.0.1:{snapshots}"}
    return desk("topologies/multicast.yaml", actors={
        "exchange": {"config": {
            "moldudp64": {"lines": [{"to": group} for group in groups],
                          "retransmission": servers["retransmission"]},
            "glimpse": servers["glimpse"]}},
        "feed": {"config": {"venue": None, "lines": {"groups": groups, **servers}}}})


def test_a_desk_trades_on_two_lines():
    with multicast_desk() as cli:
        report = trade(cli)
    assert report["orders_sent"] > 0 and report["fills"] > 0
    counted = report["counters"]["feed"]
    assert counted["messages"] > 0
    assert set(report["restarts"].values()) == {0}


def test_a_feed_that_is_killed_gets_from_the_venue_what_it_missed():
    with multicast_desk() as cli:
        cli("up", "-d")
        until_counted(cli, "gateway", "fills")
        cli("kill", "feed")
        assert until_running(cli, "feed")["epoch"] == 2
        seen = until_counted(cli, "gateway", "fills")
        until_counted(cli, "gateway", "fills", seen)
        logged = cli("logs", "feed").stdout
        assert "caught up with the market" in logged
        cli("down")
        assert cli.left_over() == []

"""A venue, a gateway ready to trade; compiled once, as that takes longer than a test waits."""

import pytest

from actors.gateway import Gateway
from actors.runtime import plain, reactor
from tests.gateway.desk import TradingDesk, gateway_plan
from tests.gateway.ouch_venue import OuchVenue


@pytest.fixture(scope="session")
def compiled_gateway():
    for handler in Gateway.handlers():
        handler.compile()
    reactor.warm()
    plain.warm()


@pytest.fixture
def venue():
    with OuchVenue() as venue:
        yield venue


@pytest.fixture
def desk(tmp_path, venue, compiled_gateway):
    """A desk and a gateway, ready to trade."""
    with TradingDesk(gateway_plan(tmp_path, venue)) as desk:
        desk.ready()
        yield desk

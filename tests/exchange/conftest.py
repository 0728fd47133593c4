"""An exchange that most tests here share: no flow, four accounts, ports the system chose."""

import pytest

from tests.exchange.venues import RunningExchange


@pytest.fixture(scope="session")
def shared_exchange(tmp_path_factory):
    with RunningExchange(tmp_path_factory.mktemp("exchange")) as exchange:
        yield exchange


@pytest.fixture
def exchange(shared_exchange):
    """The shared exchange with empty books; its clients are closed after the test."""
    shared_exchange.clear_books()
    yield shared_exchange
    for client in shared_exchange.clients:
        client.close()
    shared_exchange.clients.clear()

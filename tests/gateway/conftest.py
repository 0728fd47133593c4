"""Compiling takes longer than a test waits: do it once, before the first test."""

import pytest

from actors.gateway import Gateway


@pytest.fixture(scope="session")
def compiled_gateway():
    for handler in Gateway.handlers():
        handler.compile()

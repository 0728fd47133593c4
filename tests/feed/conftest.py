"""Compiling takes longer than a test waits: do it once, before the first test."""

import pytest

from actors.feed import FeedHandler


@pytest.fixture(scope="session")
def compiled_feed():
    for handler in FeedHandler.handlers():
        handler.compile()

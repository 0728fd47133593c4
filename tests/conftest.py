"""For all tests."""

import gc

import pytest


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_kept():
    """Hosts and actors know each other, and so keep their pages' and pipes' descriptors until the
    next collection of everything, which may be long in coming."""
    yield
    gc.collect()

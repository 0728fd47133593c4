"""Whatever stands in a file, a check ends with a plan or with problems, never with an exception."""

import pathlib
import tempfile

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from launcher.topology import check_topology
from tests.launcher.topology_files import CORES, DESK, SAMPLES

words = st.sampled_from([
    "version", "name", "symbols", "defaults", "actors", "groups", "breakers", "processes",
    "extends", "class", "config", "inputs", "process", "thread", "core", "wait", "spin",
    "depends_on", "restart", "backoff", "healthcheck", "source", "overflow", "transport",
    "address", "breaker", "threads", "strategy", "risk", "feed", "market", "orders", "reports",
    "feed/market", "strategy/orders", "risk/reports", "block", "latest", "tcp", "10ms", "busy_spin",
    "127.0.0.1:9000", "one_for_all", f"{SAMPLES}:RiskManager", f"{SAMPLES}:MeanReversion", "a:B",
])
scalars = st.one_of(words, st.none(), st.booleans(), st.integers(), st.floats(),
                    st.text(max_size=8))
trees = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3)
                     | st.dictionaries(words | st.text(max_size=5), inner, max_size=5),
                     max_leaves=25)
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check_text(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "topology.yaml")
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))
        checked = check_topology(path, CORES)
    assert (checked.plan is None) == bool(checked.problems)
    for problem in checked.problems:
        assert problem.file == str(path)
        assert problem.message
        assert 0 <= problem.line
        assert str(problem).isprintable()


@quick
@given(st.dictionaries(words, trees, max_size=6))
def test_random_trees_of_known_words(tree):
    check_text(yaml.safe_dump(tree, allow_unicode=True))


@quick
@given(st.binary(max_size=200))
def test_random_bytes(data):
    check_text(data)


@quick
@given(st.text(alphabet="abc:-[]{}&*!?|>#'\"\n \t,0.<~%@`", max_size=60))
def test_random_punctuation(text):
    check_text(text)


desk = yaml.safe_load(DESK)


def paths_in(value, at=()):
    yield at
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths_in(item, (*at, key))


@quick
@given(st.data())
def test_a_right_topology_with_something_else_somewhere(data):
    tree = yaml.safe_load(DESK)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([p for p in paths_in(tree) if p]))
        holder = tree
        for part in path[:-1]:
            holder = holder[part]
        holder[path[-1]] = data.draw(trees)
    check_text(yaml.safe_dump(tree, allow_unicode=True))


@pytest.mark.parametrize("cut", range(0, len(DESK), 23))
def test_a_file_cut_off_anywhere(cut):
    check_text(DESK[:cut])

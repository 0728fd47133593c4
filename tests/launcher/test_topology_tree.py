"""How one file extends another: mappings merge, all else replaces, null removes."""

from hypothesis import given
from hypothesis import strategies as st

from launcher.topology.tree import Mark, Node, find_mark, merge, plain

NOTHING = object()

keys = st.sampled_from("abcd")
scalars = st.one_of(st.integers(0, 3), st.sampled_from(["x", "y"]), st.booleans())
lists = st.lists(scalars, max_size=2)
values = st.recursive(scalars | lists, lambda inner: st.dictionaries(keys, inner), max_leaves=8)
mappings = st.dictionaries(keys, values)
changes = st.dictionaries(keys, st.recursive(
    scalars | lists | st.none(), lambda inner: st.dictionaries(keys, inner), max_leaves=8))


def node(value, file="f", line=1):
    mark = Mark(file, line, 1)
    if isinstance(value, dict):
        return Node({key: node(item, file, line) for key, item in value.items()}, mark)
    if isinstance(value, list):
        return Node([node(item, file, line) for item in value], mark)
    return Node(value, mark)


def merged(base, over):
    return plain(merge(node(base), node(over)))


def paths_of(value, at=()):
    """Every path in ``value`` to something that is not a mapping, and to empty mappings."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from paths_of(item, (*at, key))
    else:
        yield at


def look_up(value, path):
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return NOTHING
        value = value[part]
    return value


def test_a_changed_key_leaves_its_neighbours():
    base = {"risk": {"class": "R", "config": {"size": 5, "rate": 7}}, "feed": {"class": "F"}}
    assert merged(base, {"risk": {"config": {"size": 6}}}) == {
        "risk": {"class": "R", "config": {"size": 6, "rate": 7}}, "feed": {"class": "F"}}


def test_null_removes_a_key_and_the_order_of_the_others_stays():
    assert list(merged({"a": 1, "b": {"x": 1}, "c": 3}, {"b": None, "d": 4})) == ["a", "c", "d"]


def test_a_null_that_removes_nothing_stays_to_be_complained_about():
    assert merged({"feed": 1}, {"fed": None}) == {"feed": 1, "fed": None}


def test_lists_replace():
    assert merged({"a": [1, 2, 3]}, {"a": [4]}) == {"a": [4]}


@given(mappings)
def test_nothing_said_changes_nothing(base):
    assert merged(base, {}) == base
    assert merged({}, base) == base


@given(mappings)
def test_the_same_said_again_changes_nothing(base):
    assert merged(base, base) == base


@given(mappings, changes)
def test_a_change_said_twice_is_a_change_said_once(base, over):
    once = merged(base, over)
    values = [look_up(over, path) for path in paths_of(over)]
    if None not in values:
        assert merged(once, over) == once


@given(mappings, changes)
def test_what_is_said_is_found_and_null_swaps_something_for_nothing(base, over):
    result = merged(base, over)
    for path in paths_of(over):
        wanted, before = look_up(over, path), look_up(base, path)
        if wanted is None:
            assert look_up(result, path) is (None if before is NOTHING else NOTHING)
        elif wanted != {}:
            assert look_up(result, path) == wanted


@given(mappings, changes)
def test_what_is_not_spoken_of_is_as_before(base, over):
    result = merged(base, over)
    spoken_of = list(paths_of(over))
    for path in paths_of(base):
        if not any(path[:len(other)] == other or other[:len(path)] == path for other in spoken_of):
            assert look_up(result, path) == look_up(base, path)


def test_values_remember_the_file_they_were_said_in():
    base = node({"risk": {"size": 5, "rate": 7}}, "base.yaml", 3)
    result = merge(base, node({"risk": {"size": 6}}, "over.yaml", 9))
    assert find_mark(result, ("risk", "size")) == Mark("over.yaml", 9, 1)
    assert find_mark(result, ("risk", "rate")) == Mark("base.yaml", 3, 1)
    assert find_mark(result, ("risk", "rate", "no", 0)) == Mark("base.yaml", 3, 1)

"""Files that cannot be read, parsed or extended are told of by file and line."""

import pytest

from launcher.topology.load import MAX_BYTES, load
from launcher.topology.tree import find_mark, plain
from tests.launcher.topology_files import write


def told(path):
    """What loading a file complains of, without the folder, one problem a line."""
    return [str(p).replace(f"{path.parent}/", "") for p in load(path).problems]


def value_of(folder, text):
    document = load(write(folder, text))
    assert document.problems == []
    return plain(document.root)


def test_values_keep_the_places_of_their_keys(tmp_path):
    path = write(tmp_path, """\
        # a comment
        actors:
          feed: {class: a.b:C,
                 core: -1}
          risk:
            - x
            - y
        """)
    root = load(path).root
    assert find_mark(root, ("actors",))[1:] == (2, 1)
    assert find_mark(root, ("actors", "feed", "core"))[1:] == (4, 10)
    assert find_mark(root, ("actors", "risk", 1))[1:] == (7, 7)


def test_words_that_older_yaml_took_for_booleans_are_words(tmp_path):
    value = value_of(tmp_path, "{restart: no, symbols: [ON, Y, NO], t: true, day: 2024-01-01}")
    assert value == {"restart": "no", "symbols": ["ON", "Y", "NO"], "t": True, "day": "2024-01-01"}


def test_numbers_are_those_of_yaml_1_2(tmp_path):
    value = value_of(tmp_path, "[10, -1, 0o17, 0x1F, 1.5, 1e3, .5, 12:30, 1_000]"
                     .join(["n: ", ""]))
    assert value == {"n": [10, -1, 15, 31, 1.5, 1000.0, 0.5, "12:30", "1_000"]}


def test_anchors_and_merge_keys_work(tmp_path):
    value = value_of(tmp_path, """\
        a: &limits {size: 1, rate: 2}
        b: {<<: *limits, rate: 3}
        c: *limits
        """)
    assert value == {"a": {"size": 1, "rate": 2}, "b": {"size": 1, "rate": 3},
                     "c": {"size": 1, "rate": 2}}


@pytest.mark.parametrize(("text", "message"), [
    ("", "topology.yaml: the file is empty — start from the topology.yaml that comes with pitwire"),
    ("# only a comment\n", "topology.yaml: the file is empty — start from the topology.yaml that "
                           "comes with pitwire"),
    ("- a\n- b\n", "topology.yaml:1: a topology is a mapping of keys, not a list — it starts with "
                   "`version: 1`"),
    ("just words", "topology.yaml:1: a topology is a mapping of keys, not a text — it starts with "
                   "`version: 1`"),
    ("a: 1\n\tb: 2\n", "topology.yaml:2: YAML: a tab where spaces belong — indent with spaces"),
    ("a: 1\n---\nb: 2\n", "topology.yaml:2: YAML: a second document starts here — a topology file "
                          "is one document"),
    ("a: 1\nb: 2\na: 3\n", "topology.yaml:3: a: is said twice — the first is in line 1"),
    ("x:\n  a: 1\n  a: 3\n", "topology.yaml:3: x.a: is said twice — the first is in line 2"),
    ("1: one\n", 'topology.yaml:1: the key 1 is not a text — write "1": in quotes'),
    ("? [a, b]\n: 1\n", "topology.yaml:1: a key must be a text, not a list or mapping"),
    ("a: !!python/object:os.system {}\n",
     "topology.yaml:1: a: the YAML tag !!python/object:os.system is not used in topologies — "
     "remove it"),
    ("a: !secret x\n", "topology.yaml:1: a: the YAML tag !secret is not used in topologies — "
                       "remove it"),
    ("a: !!int x\n", "topology.yaml:1: a: 'x' cannot be read as a number, true or false"),
    ("a: 1\nb: \x01\n", "topology.yaml:2: character U+0001 is not allowed in YAML"),
])
def test_what_is_no_topology(tmp_path, text, message):
    path = tmp_path / "topology.yaml"
    path.write_text(text)
    assert told(path) == [message]


@pytest.mark.parametrize("text", ["a: [1, 2", "a: {b: 1", "a: 'x", "a: b: c", "a: *nobody",
                                  "a\nb: 1", "&a", "a: \"\\q\"", "%YAML 3.0\n---\na: 1"])
def test_syntax_errors_name_the_line(tmp_path, text):
    path = write(tmp_path, "version: 1\n" * (not text.startswith("%")) + text)
    (message,) = told(path)
    assert message.startswith("topology.yaml:")
    assert "YAML: " in message


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "topology.yaml"
    path.write_bytes(b"a: 1\nb: \xff\xfe\n")
    assert told(path) == ["topology.yaml:2: is not UTF-8 text: byte 0xff"]


def test_files_that_cannot_be_read(tmp_path):
    assert told(tmp_path / "nowhere.yaml") == [
        "nowhere.yaml: no such file — name a topology with -f FILE, or run pitwire where "
        "topology.yaml is"]
    (tmp_path / "folder.yaml").mkdir()
    assert told(tmp_path / "folder.yaml") == ["folder.yaml: cannot be read: Is a directory"]
    assert "cannot be read" in told(tmp_path / "\0")[0]


def test_files_too_large_or_too_deep_to_be_topologies(tmp_path):
    deep = write(tmp_path, "a: " + "[" * 5000)
    assert told(deep) == ["topology.yaml: is nested too deeply, or holds too many values, to be a "
                          "topology"]
    large = write(tmp_path, "a: 1 #" + "x" * MAX_BYTES)
    assert told(large) == [f"topology.yaml: is larger than {MAX_BYTES} bytes; this is not a "
                           "topology"]


@pytest.mark.parametrize("text", [
    "a: &a [*a]\n",
    "\n".join(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
               *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9))]),
])
def test_aliases_of_aliases_are_bounded(tmp_path, text):
    (message,) = told(write(tmp_path, text))
    assert "too many values" in message


# ---- extends -------------------------------------------------------------------------------------

def test_a_chain_of_files_each_changing_the_one_before(tmp_path):
    write(tmp_path, "{name: base, a: {x: 1, y: 2}, list: [1, 2]}", "base.yaml")
    write(tmp_path, "{extends: ../base.yaml, a: {y: 3}}", "sub/middle.yaml")
    path = write(tmp_path, "{extends: sub/middle.yaml, list: [9], a: {x: null}}")
    document = load(path)
    assert plain(document.root) == {"name": "base", "a": {"y": 3}, "list": [9]}
    assert [f.name for f in document.files] == ["topology.yaml", "middle.yaml", "base.yaml"]
    assert find_mark(document.root, ("a", "y")).file.endswith("sub/middle.yaml")


def test_a_file_that_is_not_there(tmp_path):
    path = write(tmp_path, "name: x\nextends: ../base.yaml\n")
    assert told(path) == ["topology.yaml:2: extends: no file '../base.yaml' — the path is relative "
                          "to the file that says it"]


def test_files_that_extend_each_other(tmp_path):
    write(tmp_path, "extends: topology.yaml\n", "other.yaml")
    path = write(tmp_path, "extends: other.yaml\n")
    assert told(path) == ["other.yaml:1: extends: a file cannot extend itself: "
                          "topology.yaml → other.yaml → topology.yaml"]


def test_a_file_that_extends_itself(tmp_path):
    path = write(tmp_path, "extends: ./topology.yaml\n")
    assert told(path) == ["topology.yaml:1: extends: a file cannot extend itself: "
                          "topology.yaml → topology.yaml"]


@pytest.mark.parametrize("value", ["[a.yaml]", "5", "{a: 1}"])
def test_extends_takes_one_path(tmp_path, value):
    path = write(tmp_path, f"extends: {value}\n")
    assert told(path) == ["topology.yaml:1: extends: must be the path of another topology file, "
                          "relative to this one"]


def test_an_error_in_the_extended_file_is_told_with_that_files_name(tmp_path):
    write(tmp_path, "a: 1\na: 2\n", "base.yaml")
    path = write(tmp_path, "extends: base.yaml\n")
    assert told(path) == ["base.yaml:2: a: is said twice — the first is in line 1"]


def test_a_file_in_the_current_folder_is_shown_as_people_name_it(tmp_path, monkeypatch):
    write(tmp_path, "a: 1\na: 2\n")
    monkeypatch.chdir(tmp_path)
    assert str(load("topology.yaml").problems[0]).startswith("topology.yaml:2: a:")

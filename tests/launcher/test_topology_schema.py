"""The JSON Schema that editors use agrees with what ``pitwire check`` says of a file's form."""

import json

import jsonschema
import pytest
import yaml

from actors.runtime.durations import parse_duration
from launcher.topology.schema import BUILT_IN_CLASSES, topology_schema
from tests.launcher.test_topology_problems import WORDS
from tests.launcher.topology_files import DESK, REPOSITORY, SAMPLES, shipped_with_samples

SHIPPED = [REPOSITORY / "topology.yaml", *sorted((REPOSITORY / "topologies").glob("*.yaml"))]
SAMPLE_CLASSES = [f"{SAMPLES}:{path.partition(':')[2]}" for path in BUILT_IN_CLASSES]


@pytest.fixture(scope="module")
def schema():
    return topology_schema(SAMPLE_CLASSES)


def errors(schema, text):
    validator = jsonschema.Draft202012Validator(schema)
    return [error.message for error in validator.iter_errors(yaml.safe_load(text))]


def test_it_is_a_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_committed_one_is_what_the_model_says():
    committed = REPOSITORY / "launcher" / "topology.schema.json"
    assert json.loads(committed.read_text(encoding="utf-8")) == topology_schema(), \
        "run `make schemas`"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_committed_one_takes_every_topology_that_comes_with_pitwire(path):
    committed = (REPOSITORY / "launcher" / "topology.schema.json").read_text(encoding="utf-8")
    assert errors(json.loads(committed), path.read_text(encoding="utf-8")) == []
    reference = path.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")[2]
    assert (path.parent / reference).resolve() == REPOSITORY / "launcher" / "topology.schema.json"


def test_right_files_are_right(schema, tmp_path):
    assert errors(schema, DESK) == []
    for path in shipped_with_samples(tmp_path):
        assert errors(schema, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("text", [
    DESK.replace("version: 1", "version: 2"),
    DESK.replace("version: 1\n", ""),
    DESK.replace("name: desk", "name: my desk"),
    DESK.replace("name: desk", "title: desk"),
    DESK.replace("[AAPL, MSFT]", "[]"),
    DESK.replace("[AAPL, MSFT]", "[aapl]"),
    DESK.replace(f"class: {SAMPLES}:FeedHandler", "core: 1"),
    DESK.replace(f"{SAMPLES}:FeedHandler", "feed.FeedHandler"),
    DESK.replace("orders: strategy/orders", "orders: strategy.orders"),
    DESK.replace("orders: strategy/orders", "orders: {source: strategy/orders, overflow: drop}"),
    DESK.replace("orders: strategy/orders", "orders: {source: strategy/orders, overflw: fail}"),
    DESK.replace("orders: strategy/orders", "orders: {capacity: 7}"),
    DESK.replace("depends_on: [exchange]", "depends_on: exchange"),
    DESK.replace("depends_on: [exchange]", "config: {venue: nowhere}"),
    DESK.replace("depends_on: [exchange]", "config: {venu: '127.0.0.1:1'}"),
    DESK + "defaults: {within: 60}\n",
    DESK + "defaults: {within: 60 sec}\n",
    DESK + "defaults: {restart: sometimes}\n",
    DESK + "processes: {p: {wait: spin}}\n",
])
def test_wrong_files_are_wrong(schema, text):
    assert errors(schema, text)


def test_an_extending_file_says_only_what_differs_and_may_remove(schema):
    assert errors(schema, "{extends: a.yaml, actors: {feed: {core: 1}, monitor: null}}") == []
    assert errors(schema, "{extends: a.yaml, actors: {feed: {cor: 1}}}")
    assert errors(schema, "{actors: {feed: {core: 1}}}")


def test_every_mistake_of_form_that_check_finds_in_one_place_editors_find_too(schema):
    beyond_a_schema = ("shorter than", "is the name of the actor", "listed twice", "is missing",
                       "0s", "goes with", "is empty", "nowhere", "1.5")
    for change, _, message in WORDS:
        if not any(word in message + change for word in beyond_a_schema):
            text = change.replace("yes", "'yes'")
            assert errors(schema, f"extends: desk.yaml\n{text}"), message


@pytest.mark.parametrize("text", ["10ms", "1m30s", "1.5s", "2 h", "60", "1 sec", "", "-1s"])
def test_editors_and_check_agree_on_durations(schema, text):
    try:
        parse_duration(text)
        right = True
    except ValueError:
        right = False
    assert (errors(schema, DESK + f"defaults: {{within: '{text}'}}") == []) == right


def test_editors_show_what_each_word_means(schema):
    parts = [schema, *(schema["$defs"][name] for name in ("ActorSpec", "WireSpec", "ThreadSpec"))]
    silent = [key for part in parts for key, value in part["properties"].items()
              if "description" not in value]
    assert set(silent) <= {"defaults", "groups", "breakers", "lease", "backoff",
                           "healthcheck"}


def test_a_file_that_extends_another_need_not_repeat_what_that_one_says():
    committed = json.loads((REPOSITORY / "launcher" / "topology.schema.json").read_text())
    text = ("extends: base.yaml\nactors:\n  exchange:\n    class: actors.exchange:Exchange\n"
            "    config: {{flow: {}}}\n")
    for flow in ("{file: day.itch}", "{speed: max, start: '09:30'}", "{rate: 500}", "{kind: none}"):
        assert errors(committed, text.format(flow)) == []
    for flow in ("{fil: day.itch}", "{kind: histori}", "{regimes: [{kind: trend}]}"):
        assert errors(committed, text.format(flow)) != []

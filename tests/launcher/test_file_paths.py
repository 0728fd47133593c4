"""Files that a config names are found from the topology that names them, before anything starts."""

import pathlib

from launcher.topology import check_topology
from tests.launcher.topology_files import CORES, REPOSITORY, said, write

RECORDINGS = REPOSITORY / "topologies" / "recordings"


def exchange(file, **flow):
    more = "".join(f", {key}: {value}" for key, value in flow.items())
    return f"""
        version: 1
        name: replay
        symbols: [AAPL]
        actors:
          exchange:
            class: actors.exchange:Exchange
            config: {{flow: {{kind: historical, file: {file}{more}}}}}
        """


def copy(folder: pathlib.Path, name="synthetic.itch.gz", to="day.itch.gz"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / to).write_bytes((RECORDINGS / name).read_bytes())


def file_in_plan(path):
    checked = check_topology(path, CORES)
    assert checked.problems == ()
    return checked.plan.actor("exchange").config["flow"]["file"]


def test_a_relative_path_counts_from_the_topologys_folder(tmp_path, monkeypatch):
    copy(tmp_path / "desk" / "data")
    path = write(tmp_path / "desk", exchange("data/day.itch.gz"))
    monkeypatch.chdir(tmp_path)
    assert file_in_plan(path) == str(tmp_path / "desk" / "data" / "day.itch.gz")


def test_or_from_that_of_a_topology_it_extends(tmp_path):
    copy(tmp_path / "base")
    write(tmp_path / "base", exchange("day.itch.gz"))
    path = write(tmp_path / "mine", "extends: ../base/topology.yaml\nname: mine\n")
    assert file_in_plan(path) == str(tmp_path / "base" / "day.itch.gz")
    copy(tmp_path / "mine")
    assert file_in_plan(path) == str(tmp_path / "mine" / "day.itch.gz")


def test_a_file_that_is_missing_or_something_else_is_a_mistake_in_the_topology(tmp_path):
    path = write(tmp_path, exchange("day.itch.gz", sped=2))
    problems = said(path)
    assert problems[0].startswith(
        "topology.yaml:8: actors.exchange.config.flow.file: no file 'day.itch.gz'; a relative path "
        "counts from the topology file's folder, and there is no ")
    assert problems[1].endswith("flow.sped: unknown key — did you mean 'speed'?")
    (tmp_path / "day.itch.gz").write_bytes(b"%PDF-1.7")
    assert "is neither an ITCH 5.0 file" in said(write(tmp_path, exchange("day.itch.gz")))[0]


def test_a_kind_that_there_is_not_is_told_with_those_there_are(tmp_path):
    path = write(tmp_path, exchange("x").replace("historical", "historic"))
    assert said(path) == [
        "topology.yaml:8: actors.exchange.config.flow: kind must be synthetic, historical or none, "
        "not 'historic' — did you mean 'historical'?"]
    path = write(tmp_path, exchange("x").replace("kind: historical, file: x",
                                                 "regimes: [{kind: trends, seconds: 1}]"))
    assert "kind must be trend, mean_reverting, shock or zero_intelligence" in said(path)[0]

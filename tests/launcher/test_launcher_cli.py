"""The verbs that need no running deployment, as a user calls them."""

import json
import os
import re
import subprocess
import sys

import click
import pytest
import yaml
from click.testing import CliRunner

import launcher.cli.verbs
from launcher.cli import ExitCode, Failure, cli
from tests.launcher.topology_files import DESK, REPOSITORY, write


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current folder with a right topology.yaml and a wrong wrong.yaml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PITWIRE_TOPOLOGY", raising=False)
    write(tmp_path, DESK)
    write(tmp_path, "extends: topology.yaml\nactors:\n  feed: {cor: 1}\n", "wrong.yaml")
    return tmp_path


def pitwire(*words, **kwargs):
    return CliRunner().invoke(cli, list(words), prog_name="pitwire", **kwargs)


def test_check_says_that_a_right_topology_is_right(here):
    result = pitwire("check")
    assert result.exit_code == ExitCode.OK
    assert result.output == "topology.yaml: 6 actors, 6 processes, 5 wires — no errors\n"


def test_check_tells_errors_by_file_line_and_key(here):
    result = pitwire("check", "-f", "wrong.yaml")
    assert result.exit_code == ExitCode.TOPOLOGY_INVALID == 3
    assert result.stdout == ""
    assert result.stderr == (
        "wrong.yaml:3: actors.feed.cor: unknown key — did you mean 'core'?\n"
        "error: 1 error in the topology; nothing was started\n")


def test_check_in_json(here):
    right = pitwire("check", "--json")
    assert json.loads(right.stdout) == {
        "ok": True, "summary": "6 actors, 6 processes, 5 wires", "problems": []}
    wrong = pitwire("check", "--json", "-f", "wrong.yaml")
    assert wrong.exit_code == ExitCode.TOPOLOGY_INVALID
    assert json.loads(wrong.stdout) == {"ok": False, "summary": None, "problems": [{
        "file": "wrong.yaml", "line": 3, "key": "actors.feed.cor", "message": "unknown key",
        "hint": "did you mean 'core'?"}]}


@pytest.mark.parametrize("words", [
    ("-f", "wrong.yaml", "check"), ("check", "-f", "wrong.yaml"), ("check", "--file=wrong.yaml"),
    ("-f", "topology.yaml", "check", "-f", "wrong.yaml")])
def test_the_topology_is_named_before_or_after_the_verb(here, words):
    assert "wrong.yaml:3" in pitwire(*words).stderr


def test_the_topology_may_come_from_the_environment(here):
    result = pitwire("check", env={"PITWIRE_TOPOLOGY": "wrong.yaml"})
    assert "wrong.yaml:3" in result.stderr


def test_no_topology_where_one_is_looked_for(here):
    (here / "topology.yaml").unlink()
    result = pitwire("check")
    assert result.exit_code == ExitCode.TOPOLOGY_INVALID
    assert result.stderr.startswith("topology.yaml: no such file — name a topology with -f FILE")


@pytest.mark.parametrize("verb", ["check", "config", "graph"])
def test_no_verb_shows_a_traceback_for_a_wrong_topology(here, verb):
    result = pitwire(verb, "-f", "wrong.yaml")
    assert result.exit_code == ExitCode.TOPOLOGY_INVALID
    assert "wrong.yaml:3: actors.feed.cor" in result.stderr
    assert "Traceback" not in result.output


def test_config_prints_a_topology_with_nothing_left_unsaid(here):
    result = pitwire("config")
    assert result.exit_code == ExitCode.OK
    risk = yaml.safe_load(result.stdout)["actors"]["risk"]
    assert risk["inputs"]["orders"] == {"source": "strategy/orders", "transport": "ipc",
                                        "capacity": 1024, "overflow": "fail"}
    assert risk["config"] == {"limits": {"order_size": 1000, "position": 10000}}
    assert re.search(r"source: strategy/orders,.*\}  # /\S+/w2$", result.stdout, re.MULTILINE)


def test_config_in_json_has_every_address(here):
    data = json.loads(pitwire("config", "--json").stdout)
    assert data["actors"]["risk"]["inputs"]["orders"]["address"].endswith("/w2")
    assert data["start_order"] == ["exchange", "feed", "strategy", "risk", "gateway"]


def test_graph_in_its_forms(here):
    assert "desk · topology.yaml: 6 actors, 6 processes, 5 wires" in pitwire("graph").stdout
    assert "▸ market" in pitwire("graph").stdout
    assert pitwire("graph", "--mermaid").stdout.startswith("flowchart LR")
    assert pitwire("graph", "--dot").stdout.startswith("digraph")


def test_svg_without_graphviz_says_what_to_do(here, monkeypatch):
    monkeypatch.setenv("PATH", str(here))
    result = pitwire("graph", "--svg", "x.svg")
    assert result.exit_code == ExitCode.FAILURE
    assert result.stderr == ("error: no program 'dot' on this machine, which draws the SVG\n"
                             "hint: install Graphviz, or use --dot or --mermaid\n")
    assert not (here / "x.svg").exists()


def graphviz_stand_in(folder, script):
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_svg_is_what_graphviz_draws_of_the_dot(here, monkeypatch):
    graphviz_stand_in(here, "echo \"<svg>$1 $(head -n 1)</svg>\"")
    monkeypatch.setenv("PATH", f"{here}{os.pathsep}{os.environ['PATH']}")
    assert pitwire("graph", "--svg", "x.svg").exit_code == ExitCode.OK
    assert (here / "x.svg").read_text() == '<svg>-Tsvg digraph "desk" {</svg>\n'
    result = pitwire("graph", "--svg", "no/such/folder/x.svg")
    assert result.stderr == "error: cannot write no/such/folder/x.svg: No such file or directory\n"


def test_a_graphviz_that_fails_is_quoted(here, monkeypatch):
    graphviz_stand_in(here, "echo 'no fonts' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{here}{os.pathsep}{os.environ['PATH']}")
    result = pitwire("graph", "--svg", "x.svg")
    assert (result.exit_code, result.stderr) == (ExitCode.FAILURE, "error: dot failed: no fonts\n")


def test_forms_of_the_graph_exclude_each_other(here):
    assert pitwire("graph", "--svg", "x.svg", "--dot").exit_code == ExitCode.USAGE


def test_schema_prints_or_writes_it(here):
    printed = pitwire("schema")
    assert json.loads(printed.stdout)["title"] == "Pitwire topology"
    assert pitwire("schema", "-o", "s.json").exit_code == ExitCode.OK
    assert (here / "s.json").read_text() == printed.stdout


def test_version(here):
    assert re.match(r"Pitwire \d+\.\d+\.\d+ \(python 3\.", pitwire("version").stdout)
    assert {"pitwire", "numba", "pyzmq"} < set(json.loads(pitwire("version", "--json").stdout))


def test_help_lists_every_verb_and_every_exit_code(here):
    text = pitwire("--help").stdout
    for verb in ("check", "config", "graph", "schema", "version"):
        assert re.search(rf"^  {verb} +\S", text, re.MULTILINE)
    for code in ExitCode:
        assert re.search(rf"^ +{code.value} +{re.escape(code.meaning)}$", text, re.MULTILINE)


def test_exit_codes_stay_what_scripts_rely_on():
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0, "FAILURE": 1, "USAGE": 2, "TOPOLOGY_INVALID": 3, "NOT_RUNNING": 4,
        "ALREADY_RUNNING": 5, "START_FAILED": 6, "UNKNOWN_ACTOR": 7, "TIMED_OUT": 8,
        "DAMAGED": 9, "NO_SUPERVISOR": 10, "INTERRUPTED": 130}


def test_a_misspelt_verb(here):
    result = pitwire("chekc")
    assert result.exit_code == ExitCode.USAGE
    assert "no verb 'chekc' — did you mean 'check'?" in result.stderr
    assert pitwire("--bogus").exit_code == ExitCode.USAGE


def add_verb(monkeypatch, folder, name, text):
    write(folder, text, f"more/{name}.py")
    monkeypatch.setattr(launcher.cli.verbs, "__path__",
                        [*launcher.cli.verbs.__path__, str(folder / "more")])


def test_ctrl_c_has_its_own_exit_code(here, monkeypatch):
    add_verb(monkeypatch, here, "wait_for_test", """\
        import click

        @click.command()
        def command():
            raise KeyboardInterrupt
        """)
    result = pitwire("wait-for-test")
    assert (result.exit_code, result.output) == (ExitCode.INTERRUPTED, "\n")


def test_a_verb_is_added_by_a_file(here, monkeypatch):
    add_verb(monkeypatch, here, "halt_for_test", """\
        import click
        from launcher.cli import ExitCode, Failure
        from launcher.cli.options import topology_option

        @click.command("halt")
        @topology_option
        def command(topology):
            \"\"\"Halt trading.\"\"\"
            raise Failure(f"{topology} is not running", "pitwire up", ExitCode.NOT_RUNNING)
        """)
    assert re.search(r"halt-for-test +Halt trading\.", pitwire("--help").stdout)
    result = pitwire("halt-for-test")
    assert result.exit_code == ExitCode.NOT_RUNNING == 4
    assert result.stderr == "error: topology.yaml is not running\nhint: pitwire up\n"


def test_failures_are_click_exceptions():
    assert issubclass(Failure, click.ClickException)


# ---- as real processes ---------------------------------------------------------------------------

def run(*words, folder):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1"}
    return subprocess.run([sys.executable, "-m", "launcher", *words], cwd=folder, env=environment,
                          capture_output=True, text=True, timeout=60, check=False)


def test_pitwire_as_a_process(here):
    right = run("check", folder=here)
    assert (right.returncode, right.stdout) == (
        0, "topology.yaml: 6 actors, 6 processes, 5 wires — no errors\n")
    wrong = run("check", "-f", "wrong.yaml", folder=here)
    assert wrong.returncode == 3
    assert wrong.stderr.startswith("wrong.yaml:3: actors.feed.cor: unknown key")


@pytest.mark.parametrize("words", [["--help"], ["version"], ["nonsense"]])
def test_what_needs_no_kernels_does_not_load_numba(here, words):
    program = ("import sys\nfrom launcher.cli import cli\n"
               f"try: cli.main({words!r}, prog_name='pitwire')\n"
               "except SystemExit: pass\n"
               "print(sorted({'numba', 'zmq', 'pydantic'} & set(sys.modules)), file=sys.stderr)")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    result = subprocess.run([sys.executable, "-c", program], cwd=here, env=environment,
                            capture_output=True, text=True, timeout=60, check=True)
    assert result.stderr.splitlines()[-1] == "[]"

"""Logs of many processes read as one."""

import io
import json
import re

import pytest
from hypothesis import given, settings, strategies as st
from rich.console import Console

from launcher.operate.logs import LogFollower, LogLine, last_lines, read_logs
from launcher.operate.render import LogPrinter, clock_text, duration_text, log_text, number_text

SECOND = 1_000_000_000


def write(run_dir, process, *lines):
    """Appends log lines (t, actor, epoch, text) to the file of ``process``."""
    (run_dir / "logs").mkdir(exist_ok=True)
    with (run_dir / "logs" / f"{process}.jsonl").open("a") as file:
        for t, actor, epoch, text in lines:
            file.write(json.dumps({"t": t, "actor": actor, "tag": actor.upper()[:7],
                                   "epoch": epoch, "level": "INFO", "text": text}) + "\n")


def texts(lines):
    return [line.text for line in lines]


def test_lines_of_all_processes_come_in_the_order_of_time(tmp_path):
    write(tmp_path, "feed", (1, "feed", 1, "a"), (4, "feed", 1, "d"))
    write(tmp_path, "risk", (2, "risk", 1, "b"), (3, "risk", 1, "c"))
    assert texts(read_logs(tmp_path)) == ["a", "b", "c", "d"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 50), max_size=20).map(sorted), min_size=1, max_size=4))
def test_merging_is_sorting_by_time(tmp_path_factory, files):
    run_dir = tmp_path_factory.mktemp("run")
    for i, times in enumerate(files):
        write(run_dir, f"p{i}", *((t, "a", 1, str(t)) for t in times))
    assert [line.t_ns for line in read_logs(run_dir)] == sorted(t for f in files for t in f)


def test_only_the_actors_asked_for(tmp_path):
    write(tmp_path, "trading", (1, "feed", 1, "a"), (2, "risk", 1, "b"))
    assert texts(read_logs(tmp_path, ["risk"])) == ["b"]


def test_a_deployment_without_logs_has_none(tmp_path):
    assert read_logs(tmp_path) == []


def test_a_follower_gives_each_line_once_and_lets_late_ones_overtake(tmp_path):
    follower = LogFollower(tmp_path)
    write(tmp_path, "feed", (10 * SECOND, "feed", 1, "second"))
    follower.poll()
    assert texts(follower.ready(10 * SECOND)) == []            # somebody may still come before it
    write(tmp_path, "risk", (10 * SECOND - 1000, "risk", 1, "first"))
    follower.poll()
    assert texts(follower.ready(11 * SECOND)) == ["first", "second"]
    follower.poll()
    assert texts(follower.rest()) == []


def test_a_line_that_is_being_written_is_read_when_it_is_whole(tmp_path):
    write(tmp_path, "feed", (1, "feed", 1, "whole"))
    path = tmp_path / "logs" / "feed.jsonl"
    whole = path.read_text()
    path.write_text(whole + whole[:20])
    follower = LogFollower(tmp_path)
    follower.poll()
    assert texts(follower.rest()) == ["whole"]
    path.write_text(whole + whole)
    follower.poll()
    assert texts(follower.rest()) == ["whole"]


def test_a_line_that_is_no_json_is_shown_as_it_is_after_the_one_before(tmp_path):
    write(tmp_path, "feed", (5, "feed", 1, "good"))
    with (tmp_path / "logs" / "feed.jsonl").open("a") as file:
        file.write("Segmentation fault\n")
    lines = read_logs(tmp_path)
    assert texts(lines) == ["good", "Segmentation fault"]
    assert lines[1].actor == "feed" and lines[1].t_ns == 5


def test_a_new_run_starts_its_files_anew(tmp_path):
    write(tmp_path, "feed", (1, "feed", 1, "old run, long line"))
    follower = LogFollower(tmp_path)
    follower.poll()
    assert texts(follower.rest()) == ["old run, long line"]
    (tmp_path / "logs" / "feed.jsonl").unlink()
    write(tmp_path, "feed", (2, "feed", 1, "new"))
    follower.poll()
    assert texts(follower.rest()) == ["new"]


@pytest.mark.parametrize(("n", "shown"), [(None, [1, 2, 3]), (2, [2, 3]), (0, []), (9, [1, 2, 3])])
def test_the_last_lines(n, shown):
    lines = [LogLine(t, "a", "A", 1, "INFO", "") for t in (1, 2, 3)]
    assert [line.t_ns for line in last_lines(lines, n)] == shown


def printed(lines, debug=False, skipped=()):
    out = io.StringIO()
    printer = LogPrinter(Console(file=out, highlight=False, soft_wrap=True), debug)
    printer.restarts.skip(skipped)
    for line in lines:
        printer.print(line)
    return out.getvalue().splitlines()


def line(epoch, text="x", actor="strategy", level="INFO"):
    return LogLine(epoch * SECOND, actor, "STRAT", epoch, level, text)


def test_a_restart_is_a_visible_boundary():
    shown = printed([line(1, "before"), line(2, "after"), line(2, "more"), line(3, "again")])
    assert [re.sub(r"^\S+ \[", "[", text) for text in shown] == [
        "[STRAT  ] before", "──── strategy epoch 2 ────", "[STRAT  ] after", "[STRAT  ] more",
        "──── strategy epoch 3 ────", "[STRAT  ] again"]


def test_the_first_epoch_and_lines_of_no_incarnation_are_no_boundary():
    assert len(printed([line(0), line(1), line(0)])) == 3


def test_a_boundary_before_the_lines_shown_is_not_repeated():
    assert len(printed([line(2)], skipped=[line(1), line(2)])) == 1


def test_details_are_shown_only_if_asked_for():
    details = line(1, "Traceback", level="DEBUG")
    assert printed([details]) == []
    assert len(printed([details], debug=True)) == 1


def test_a_line_looks_as_the_manual_says():
    text = log_text(LogLine(34_200_010_000_000, "exchange", "EXCH", 1, "INFO", "hello")).plain
    assert re.fullmatch(r"\d\d:30:00\.010 \[EXCH   \] hello", text)


def test_a_clock_has_milliseconds():
    assert clock_text(1_999_000).endswith(":00.001")


@pytest.mark.parametrize(("ns", "text"), [
    (0, "0ns"), (999, "999ns"), (1_500, "1.50µs"), (38_000, "38.0µs"), (4_560_000, "4.56ms"),
    (1_200_000_000, "1.20s"), (59_900_000_000, "59.9s"), (187_000_000_000, "3m07s"),
    (7_500_000_000_000, "2h05m")])
def test_durations_are_short(ns, text):
    assert duration_text(ns) == text


def test_numbers_are_short():
    assert (number_text(12_300), number_text(12_300_000)) == ("12,300", "12.3M")

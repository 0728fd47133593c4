"""`pitwire journal`: shows, verifies and cuts any journal."""

import json

import pytest
from click.testing import CliRunner

from actors.runtime.journal import Journal, JournalOptions
from actors.runtime.journal.formats import register_format
from launcher.cli import ExitCode, cli
from tests.runtime.journal.writing import append

register_format("verb", 7, "NOTE", lambda payload: {"text": payload.decode()})


def _run(*words: str):
    return CliRunner().invoke(cli, ["journal", *map(str, words)], prog_name="pitwire")


@pytest.fixture
def folder(tmp_path):
    journal = Journal(tmp_path / "j", JournalOptions("verb", 1 << 16))
    for n in range(1, 6):
        append(journal, 7 if n != 3 else 9, f"note {n}".encode(), 1_000 * n)
    return tmp_path / "j"


def _damage(folder, text: bytes) -> None:
    path = folder / "segment-00000001"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(text, text.upper()))


def test_show_prints_a_line_a_record_by_the_format_of_its_type(folder):
    lines = _run("show", folder).stdout.splitlines()
    assert [line.split() for line in lines[:2]] == [
        ["1", "1000", "NOTE", "text=note", "1"], ["2", "2000", "NOTE", "text=note", "2"]]
    assert "TYPE_9" in lines[2] and b"note 3".hex(" ") in lines[2]


def test_show_begins_and_ends_where_it_is_told_and_speaks_json(folder):
    done = _run("show", folder / "segment-00000001", "--from", 2, "--count", 1, "--json")
    assert done.exit_code == ExitCode.OK
    assert json.loads(done.stdout) == {"sequence": 2, "time_ns": 2000, "type": "NOTE",
                                       "segment": 1, "offset": 128 + 40, "text": "note 2"}


def test_a_payload_that_its_format_cannot_read_is_shown_in_hex(folder):
    append(Journal(folder, JournalOptions("verb", 1 << 16)), 7, b"\xff")
    assert "bytes=ff" in _run("show", folder).stdout.splitlines()[-1]


def test_verify_says_what_is_there(folder):
    done = _run("verify", folder)
    assert done.exit_code == ExitCode.OK
    assert "journal of a verb, records 1 to 5 in 1 segments" in done.stdout


def test_verify_and_show_exit_with_9_for_damage_and_say_where_and_what_to_do(folder):
    _damage(folder, b"note 4")
    done = _run("verify", folder)
    assert done.exit_code == ExitCode.DAMAGED == 9
    assert "record 5 follows" in done.output and "pitwire journal cut" in done.output
    shown = _run("show", folder)
    assert shown.exit_code == ExitCode.DAMAGED and len(shown.stdout.splitlines()) == 3
    said = json.loads(_run("verify", folder, "--json").stdout)
    assert said["sound"] is False and said["last"] == 3 and "offset" in said["damage"]


def test_cut_keeps_what_is_before_the_damage(folder):
    _damage(folder, b"note 4")
    assert "record 3 is the last" in _run("cut", folder).stdout
    assert _run("verify", folder).exit_code == ExitCode.OK
    assert "no damage" in _run("cut", folder).stdout


def test_what_is_no_journal_is_said(tmp_path):
    done = _run("show", tmp_path)
    assert done.exit_code == ExitCode.FAILURE and "there is no journal here" in done.output
    (tmp_path / "segment-00000001").write_bytes(b"?" * (1 << 16))
    done = _run("verify", tmp_path)
    assert done.exit_code == ExitCode.DAMAGED and "is no journal segment" in done.output

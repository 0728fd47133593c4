"""Kernels compile once: the next start loads them, unless something they are made of was edited."""

import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

from schemas import kernel_cache
from schemas.fbs import FOLDER, schema_files

ROOT = pathlib.Path(__file__).resolve().parents[2]

COUNT_PASSES = """
import json, sys
from numba.core import event
recorder = event.RecordingListener()
event.register("numba:run_pass", recorder)
{code}
print(json.dumps([len(recorder.buffer), result]))
"""


def run(code, folder=None, **environment):
    """Runs ``code``, which sets ``result``, in a new interpreter: (compiler passes, result)."""
    import json
    process = subprocess.run(
        [sys.executable, "-c", COUNT_PASSES.format(code=textwrap.dedent(code))], cwd=folder or ROOT,
        env={**os.environ, "PYTHONPATH": f"{folder or ''}:{ROOT}", **environment},
        capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return tuple(json.loads(process.stdout.splitlines()[-1]))


@pytest.fixture
def package(tmp_path):
    """Somebody's own actor, in a package of three files."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "prices.py").write_text(
        "from schemas.pointer import kernel\n\n\n@kernel\ndef fair(x):\n    return x + 1\n")
    (folder / "actor.py").write_text(
        "from actors.runtime import handler\nfrom desk.prices import fair\n\n\n"
        "@handler\ndef quote(ctx, message):\n    return fair(message)\n")
    (folder / "notes.py").write_text("WORDS = 1\n")
    return tmp_path


QUOTE = """
import ctypes
from desk.actor import quote
function = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(quote.address)
result = function(0, 41)
"""


def test_the_second_start_compiles_nothing(package, tmp_path):
    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    passes, result = run(QUOTE, package, **cache)
    assert passes > 0 and result == 42
    assert run(QUOTE, package, **cache) == (0, 42)

    (package / "desk" / "notes.py").write_text("WORDS = 2\n")
    assert run(QUOTE, package, **cache) == (0, 42), "nobody imports that file"

    prices = package / "desk" / "prices.py"
    prices.write_text(prices.read_text().replace("x + 1", "x + 2"))
    passes, result = run(QUOTE, package, **cache)
    assert passes > 0, "the handler contains the kernel that was edited"
    assert result == 43
    assert run(QUOTE, package, **cache) == (0, 43)


def test_the_second_start_of_the_runtime_compiles_nothing():
    code = """
    from actors.runtime import plain, reactor
    from tests.runtime.relay_actors import Relay, Sink, Source
    reactor.warm()
    plain.warm()
    handlers = [h for actor in (Source, Relay, Sink) for h in actor.handlers()]
    result = all([h.compile() for h in handlers])
    """
    run(code)
    assert run(code) == (0, True)


# ---- what a kernel is made of --------------------------------------------------------------------

@pytest.fixture
def files(tmp_path):
    """write(path, text) makes a source file; imports(path) names those it imports, directly."""
    def write(path, text=""):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def imports(path):
        found = kernel_cache._direct_imports(tmp_path / path)
        return {str(f.relative_to(tmp_path)) for f in found if f.is_relative_to(tmp_path)}

    return write, imports


@pytest.mark.parametrize("statement, imported", [
    ("import desk.prices", {"desk/__init__.py", "desk/prices.py"}),
    ("from desk.prices import fair", {"desk/prices.py"}),
    ("from desk import prices", {"desk/__init__.py", "desk/prices.py"}),
    ("from . import prices", {"desk/__init__.py", "desk/prices.py"}),
    ("from .prices import fair", {"desk/prices.py"}),
    ("from .deep import level", {"desk/deep/__init__.py", "desk/deep/level.py"}),
    ("import beside", {"beside.py"}),
    ("def f():\n    from .prices import fair", {"desk/prices.py"}),
    ("try:\n    import beside\nexcept ImportError:\n    pass", {"beside.py"}),
    ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import beside", set()),
    ("import json, numpy", set()),
])
def test_imports_are_followed_however_they_are_written(files, statement, imported):
    write, imports = files
    for path in ("desk/__init__.py", "desk/prices.py", "desk/deep/__init__.py",
                 "desk/deep/level.py", "beside.py"):
        write(path)
    write("desk/actor.py", statement)
    assert imports("desk/actor.py") - {"desk/__init__.py"} == imported - {"desk/__init__.py"}


def test_a_file_two_levels_down_may_import_from_above(files):
    write, imports = files
    for path in ("desk/__init__.py", "desk/deep/__init__.py", "desk/prices.py"):
        write(path)
    write("desk/deep/actor.py", "from ..prices import fair")
    assert imports("desk/deep/actor.py") == {"desk/prices.py"}


def test_an_installed_package_is_followed_but_not_its_neighbours(files):
    write, imports = files
    for path in ("desk/__init__.py", "desk/prices.py", "pandas/__init__.py"):
        write(f"lib/site-packages/{path}")
    write("lib/site-packages/desk/actor.py", "import pandas\nfrom desk.prices import fair")
    assert imports("lib/site-packages/desk/actor.py") == {"lib/site-packages/desk/prices.py"}


def closure(path):
    seen, todo = set(), [path]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo += kernel_cache._direct_imports(current) if current.suffix == ".py" else ()
    return seen


def test_the_wire_kernels_are_made_of_the_schemas_and_all_below_them():
    """Offsets of message fields are constants in the machine code: a new schema is new code."""
    made_of = closure(ROOT / "actors" / "runtime" / "wire.py")
    assert set(schema_files()) <= made_of
    generated = {f for f in (FOLDER / "generated").glob("*.py")}
    assert generated <= made_of
    for name in ("layout", "native", "clock", "enums"):
        assert ROOT / "actors" / "runtime" / f"{name}.py" in made_of

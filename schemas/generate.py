"""Regenerates ``schemas/generated`` from the ``.fbs`` files: ``python -m schemas.generate``.

Needs ``flatc`` 2.0.8, which Debian ships in the package ``flatbuffers-compiler``.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
import tempfile

from schemas.fbs import FOLDER, schema_files

__all__ = ["generate", "main"]

GENERATED = FOLDER / "generated"
NAMESPACE = "pitwire"


def generate(target: pathlib.Path) -> None:
    """Writes flatc's Python output for every schema into ``target``, which is replaced.

    RuntimeError if flatc is missing or refuses a schema.
    """
    flatc = shutil.which("flatc")
    if flatc is None:
        raise RuntimeError("flatc not found: install it with `apt install flatbuffers-compiler`")
    with tempfile.TemporaryDirectory() as scratch:
        command = [flatc, "--python", "-o", scratch, *map(str, schema_files())]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(f"flatc refused a schema:\n{run.stdout}{run.stderr}")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(pathlib.Path(scratch) / NAMESPACE, target)
    for module in target.glob("*.py"):
        # flatc imports by namespace, as if that were a package at the top of the path.
        text = module.read_text().replace(f"from {NAMESPACE}.", "from .")
        module.write_text(text)
    init = "\n".join(f"from .{m.stem} import *" for m in sorted(target.glob("[A-Z]*.py")))
    (target / "__init__.py").write_text(
        f'"""Written by flatc; regenerate with `make schemas`."""\n\n{init}\n')


def main() -> int:
    try:
        generate(GENERATED)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{GENERATED.name}: {len(list(GENERATED.glob('*.py')))} files from {len(schema_files())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

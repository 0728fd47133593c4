"""The generated code is what flatc makes of the schemas, and the enums say what the schemas say."""

import enum
import filecmp
import re
import shutil
import subprocess

import pytest

from schemas import enums, fbs, generated
from schemas.generate import GENERATED, generate
from schemas.messages import MESSAGE_TYPES

FLATC_VERSION = "2.0.8"  # another one may lay the same code out differently


def flatc_version():
    if shutil.which("flatc") is None:
        return None
    said = subprocess.run(["flatc", "--version"], capture_output=True, text=True, check=False)
    return said.stdout.split()[-1]


@pytest.mark.skipif(flatc_version() != FLATC_VERSION,
                    reason=f"needs flatc {FLATC_VERSION} (apt install flatbuffers-compiler), "
                           f"found {flatc_version()}")
def test_regenerating_changes_nothing(tmp_path):
    generate(tmp_path / "generated")
    made = {f.name for f in (tmp_path / "generated").iterdir()}
    assert made == {f.name for f in GENERATED.glob("*.py")}
    _, differ, unreadable = filecmp.cmpfiles(tmp_path / "generated", GENERATED, made, shallow=False)
    assert not differ and not unreadable, "run `make schemas` and commit what it makes"


def test_without_flatc_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="apt install flatbuffers-compiler"):
        generate(tmp_path / "generated")


@pytest.mark.parametrize("name", enums.__all__)
def test_an_enum_equals_the_schemas(name):
    ours, schema = getattr(enums, name), fbs.enum_values(name)
    assert {member.name: member.value for member in ours} == schema
    theirs = {key: value for key, value in vars(getattr(generated, name)).items()
              if not key.startswith("_")}
    assert theirs == schema


def test_every_enum_of_the_schemas_is_there():
    declared = set()
    for path in fbs.schema_files():
        declared |= set(re.findall(r"^enum (\w+)", path.read_text(), re.MULTILINE))
    assert declared == set(enums.__all__)


def test_an_enum_in_a_struct_has_a_value_for_unset():
    for name in enums.__all__:
        if not issubclass(getattr(enums, name), enum.IntFlag):
            assert fbs.enum_values(name)["NONE"] == 0


def test_every_schema_with_a_table_is_a_message_with_an_identifier_of_its_own():
    tables = {path.stem for path in fbs.schema_files() if "root_type" in path.read_text()}
    assert len(tables) == len(MESSAGE_TYPES)
    identifiers = {fbs.file_identifier(name) for name in tables}
    assert identifiers == {m.identifier for m in MESSAGE_TYPES.values()}
    assert len(identifiers) == len(tables)


def test_a_schema_without_identifier_is_refused():
    with pytest.raises(ValueError, match="common.fbs declares no file_identifier"):
        fbs.file_identifier("common")

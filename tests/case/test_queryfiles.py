"""SQL files: their headers, their place, and what a broken one says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console.case.columns import COLUMNS, GROUPS
from console.case.queryfiles import SqlFile, load, queries_dir
from console.errors import CaseError


def test_header_and_body(tmp_path: Path) -> None:
    path = tmp_path / "sample.sql"
    path.write_text(
        "-- id: sample\n-- title: A title: with a colon\n-- example: one\n-- example:  two \n"
        "-- words without a key\n-- empty:\n\nselect 1;\n-- id: not a header any more\n",
        encoding="utf-8",
    )
    file = SqlFile.read(path)
    assert (file.id, file.title, file.path) == ("sample", "A title: with a colon", path)
    assert file.header["example"] == ("one", "two")
    assert file.header["empty"] == ("",)
    assert file.body == "select 1;\n-- id: not a header any more"


@pytest.mark.parametrize("text", ["", "select 1", "-- id: other\nselect 1", "-- title: x\n"])
def test_id_must_be_the_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sample.sql"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        SqlFile.read(path)
    assert str(path) in caught.value.where
    assert re.search(r":\d+$", caught.value.where)
    assert "-- id: sample" in caught.value.hint


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=re.escape(str(tmp_path))):
        SqlFile.read(tmp_path / "missing.sql")
    broken = tmp_path / "broken.sql"
    broken.write_bytes(b"-- id: broken\n\xff")
    with pytest.raises(CaseError, match=re.escape(str(broken))):
        SqlFile.read(broken)


def test_every_file_that_ships_can_be_read() -> None:
    folders = [folder for folder in queries_dir().iterdir() if folder.is_dir()]
    files = {
        (folder.name, id_): file for folder in folders for id_, file in load(folder.name).items()
    }
    assert ("schema", "events") in files
    assert all(file.title for file in files.values())
    assert len(files) == len(list(queries_dir().glob("*/*.sql")))


def test_columns_are_the_tables_own() -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(load("schema")["events"].body)
        described = connection.execute("describe events").fetchall()
    assert [(name, type_.lower()) for name, type_, *_ in described if name != "also"] == [
        (column.name, column.type) for column in COLUMNS.values()
    ]
    assert {column.group for column in COLUMNS.values()} == set(GROUPS)
    assert (COLUMNS["actor"].group, COLUMNS["dst_ip"].group) == ("who", "to what")

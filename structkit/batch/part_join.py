"""One table of the outputs of all parts of a job, in the order of the input, with every row checked against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from structkit.batch.manifest import read_part_manifest, write_manifest
from structkit.batch.parts import part_number
from structkit.batch.sampling import draw_sample
from structkit.batch.settings_validation import validate_outside_journal
from structkit.errors import JobError
from structkit.tables.columns import Column
from structkit.tables.files import hash_file
from structkit.tables.formats import PART_SUFFIX, is_escaped, is_jsonl
from structkit.tables.formats.format import SourceRow
from structkit.tables.formats.formulas import GuardFormulas, unescape_formula
from structkit.tables.output_reading import manifest_path
from structkit.tables.records import Record
from structkit.tables.source import Source, key_text
from structkit.tables.sources import STREAM_FILE, open_source
from structkit.tables.store_address import StoreAddress
from structkit.tables.table_writing import open_table_sink
from structkit.values import JSON

SHARED = ("job", "source_sha256", "limit", "sample", "items", "reading")
"""What the manifests of all parts have in common."""

COMPLETE = "complete"
"""The status of a job whose rows have all finished."""


@dataclass(frozen=True, slots=True)
class PartFile:
    """The output of a part.

    Args:
        path: The file.
        number: Which part it is, counted from 1.
        total: How many parts there are.
        manifest: What its run has written about it.
    """

    path: Path
    number: int
    total: int
    manifest: JSON


@dataclass(frozen=True, slots=True)
class JoinReport:
    """What was joined.

    Args:
        output: The table.
        parts: How many parts it has.
        rows: How many rows of the input.
        counts: The number of rows in each state.
    """

    output: Path | StoreAddress
    parts: int
    rows: int
    counts: Mapping[str, int]

    def __str__(self) -> str:
        """One line."""
        counts = ", ".join(f"{number:,} {state}" for state, number in self.counts.items())
        return f"{self.parts} parts joined, {self.rows:,} rows: {counts}; {self.output}"


def join_parts(
    paths: Iterable[Path | str],
    output: Path | str,
    source: Any = None,
    *,
    overwrite: bool = False,
    status: str = COMPLETE,
) -> JoinReport:
    """Make one table and one manifest of the outputs of all parts of a job.

    Files that are no part, such as the manifests and journals that a pattern matches as well, are passed over.

    Args:
        paths: The files.
        output: The table to write; its format may be another one.
        source: The input of the job; by default the file that the manifests name.
        overwrite: Whether an existing output is replaced.
        status: That of the job; unless it is `complete`, parts may have rows that are not finished.

    Raises:
        ConfigError: The output is in the folder of a journal.
        JobError: A part is missing, there twice, incomplete, of another job or of another input; a row is not where the
            input has it; or a file cannot be read or written.
    """
    validate_outside_journal(Path(output))
    parts = _read_parts(paths)
    _validate_parts(parts)
    if status == COMPLETE:
        _validate_complete(parts)
    manifest = parts[0].manifest
    _validate_outputs(parts)
    rows = _open_input(parts, source)
    guard = _shared_guard(parts, output)
    tables = [open_source(part.path, is_output=guard is None) for part in parts]
    if source is None or isinstance(source, str | Path):
        _validate_input(rows, parts)
    has_lines = is_jsonl(str(output)) and not any(table.has_header for table in tables)
    columns = [] if has_lines else _columns(rows, tables)
    guard_formulas: GuardFormulas = "all" if guard is None else "none"
    with open_table_sink(output, columns, overwrite=overwrite, guard_formulas=guard_formulas) as sink:
        for row in _in_order(rows, parts, tables):
            if has_lines:
                sink.write_line(row.line)
            else:
                sink.write({"input": row.values})
    table = Path(output)
    report = JoinReport(table, len(parts), _total(parts, "rows"), _sum_counts(parts, "counts"))
    write_manifest(
        table, {**manifest, **_joined_fields(parts, report), "guard_formulas": guard or "all", "status": status}
    )
    return report


def _read_parts(paths: Iterable[Path | str]) -> list[PartFile]:
    """Return the parts among some files, in order.

    Raises:
        JobError: One has no manifest, or one that cannot be read.
    """
    matches = [(Path(path), PART_SUFFIX.search(str(path))) for path in paths]
    files = [(path, int(match[1]), int(match[2])) for path, match in matches if match and path.exists()]
    parts = [PartFile(path, number, total, _read_manifest(path)) for path, number, total in files]
    return sorted(parts, key=lambda part: (part.total, part.number))


def _read_manifest(path: Path) -> JSON:
    if (manifest := read_part_manifest(path)) is None:
        name = manifest_path(path).name
        raise JobError(f"{path} has no manifest of a part, {name}: run the part to its end", file=str(path))
    return manifest


def _validate_parts(parts: Sequence[PartFile]) -> None:
    """Validate that the parts are those of one job, and complete.

    Raises:
        JobError: They are not.
    """
    if not parts:
        raise JobError("no file is a part of a job: their names end with .part-N-of-M")
    first = parts[0]
    if other := next((part for part in parts if part.total != first.total), None):
        raise JobError(f"{first.path} is one of {first.total} parts, {other.path} one of {other.total}: join one set")
    numbers = [part.number for part in parts]
    if missing := {*range(1, first.total + 1)} - {*numbers}:
        raise JobError(f"of {first.total} parts, these are missing: {', '.join(map(str, sorted(missing)))}")
    if len(numbers) > first.total:
        duplicate = next(part for part, earlier in zip(parts[1:], parts, strict=False) if part.number == earlier.number)
        raise JobError(
            f"part {duplicate.number} is there twice: {duplicate.path} is one of them", file=str(duplicate.path)
        )
    for part in parts:
        if different := [name for name in SHARED if part.manifest.get(name) != first.manifest.get(name)]:
            what = "input" if different == ["source_sha256"] else "job"
            raise JobError(
                f"{part.path} is a part of another {what} than {first.path}: they differ in {', '.join(different)}",
                file=str(part.path),
            )


def _validate_complete(parts: Sequence[PartFile]) -> None:
    """Validate that no part has rows that are not finished.

    Raises:
        JobError: One has.
    """
    for part in parts:
        if count := part.manifest["counts"].get("open", 0):
            raise JobError(f"{part.path} is not complete: {count} rows are open; run it again", file=str(part.path))


def _validate_outputs(parts: Sequence[PartFile]) -> None:
    """Validate that the outputs are as their runs have written them; manifests of older versions do not say that.

    Raises:
        JobError: One is not.
    """
    for part in parts:
        expected = part.manifest.get("output_sha256")
        if expected is not None and hash_file(part.path) != expected:
            raise JobError(
                f"{part.path} has changed since its run: run that part again, which sends nothing", file=str(part.path)
            )


def _open_input(parts: Sequence[PartFile], source: Any) -> Source:
    """Open the input of the job.

    Raises:
        JobError: It cannot be read.
    """
    first, reading = parts[0], parts[0].manifest["reading"]
    folder = first.manifest.get("journal") or first.path.with_name(f"{first.path.name}.job")
    stored = Path(folder) / STREAM_FILE
    if source is None and stored.exists():
        return open_source(stored, key=reading["key"], format="jsonl")
    name = first.manifest["source"] if source is None else source
    try:
        return open_source(name, **reading)
    except JobError as error:
        raise JobError(
            f"the input of the job is needed, for the order of the rows: {error}; name it (--input)"
        ) from None


def _validate_input(rows: Source, parts: Sequence[PartFile]) -> None:
    """Validate that the input is that of the parts.

    Raises:
        JobError: It has changed.
    """
    expected = parts[0].manifest["source_sha256"]
    if rows.file is not None and expected is not None and rows.content_hash() != expected:
        raise JobError(f"{rows.file} has changed since the parts were run: run them again", file=rows.file)


def _columns(rows: Source, tables: Sequence[Source]) -> list[Column]:
    """Return the columns of all parts: those of the input first, in its order."""
    for table in tables:
        table.read_columns()
    columns = {column.name: column for table in tables for column in table.fields}
    if all(table.has_header for table in tables):  # in a header, those of the input are first
        return [*columns.values()]
    rows.read_columns()
    names = [name for name in rows.columns if name in columns]
    return [columns[name] for name in dict.fromkeys((*names, *columns))]


def _shared_guard(parts: Sequence[PartFile], output: Path | str) -> str | None:
    """Return the `guard_formulas` of parts whose texts are copied as they are; None if they are read and escaped again.

    They are copied from CSV and TSV to CSV and TSV, if all parts have the same setting.
    """
    guards = {str(part.manifest.get("guard_formulas", "all")) for part in parts}
    is_copied = len(guards) == 1 and is_escaped(str(parts[0].path)) and is_escaped(str(output))
    return guards.pop() if is_copied else None


def _in_order(rows: Source, parts: Sequence[PartFile], tables: Sequence[Source]) -> Iterator[SourceRow]:
    """Yield the rows of the parts in the order of the input.

    Raises:
        JobError: A part does not have the rows of the input.
    """
    iterators = [_Rows(part, table, rows.key) for part, table in zip(parts, tables, strict=True)]
    has_items = parts[0].manifest["items"] is not None
    if has_items and rows.key is None:
        raise JobError("a table with a row for each item can be joined only if the job has a key (--key)")
    for record in _selected(rows, parts[0].manifest):
        part = iterators[part_number(record.key, len(parts)) - 1]
        yield part.take(record)
        if has_items:
            yield from part.take_items(record)
    for each in iterators:
        each.validate_end()


def _selected(rows: Source, manifest: JSON) -> Iterator[Record]:
    """Yield the rows of the input that the job is about."""
    limit, size = manifest["limit"], manifest["sample"]
    if size is None:
        return islice(iter(rows), limit)
    sample = draw_sample(islice(iter(rows), limit), size, is_keyed=rows.key is not None)
    return (record for record in islice(iter(rows), limit) if record.ordinal in sample)


class _Rows:
    """The rows of a part, one after the other."""

    def __init__(self, part: PartFile, table: Source, key: str | None) -> None:
        self._part, self._key, self._rows = part, key, table.rows()
        self._next = next(self._rows, None)

    def take(self, record: Record) -> SourceRow:
        """Return the next row, which is the first one of a row of the input.

        Raises:
            JobError: It is another one.
        """
        row = self._next
        if row is None or not self._is_of(record, row):
            path, place = self._part.path, f"row {record.row} of the input"
            raise JobError(f"{path} does not have {place} in its place: run it again", file=str(path))
        self._next = next(self._rows, None)
        return row

    def take_items(self, record: Record) -> Iterator[SourceRow]:
        """Yield the further rows of a row of the input, which has one for each item."""
        while self._next is not None and self._is_of(record, self._next):
            yield self.take(record)

    def _is_of(self, record: Record, row: SourceRow) -> bool:
        if self._key is None:
            return True
        escaped_name = f"'{self._key}"  # an apostrophe is before a name or a key that is a formula
        name = escaped_name if self._key not in row.values and escaped_name in row.values else self._key
        return key_text(row.values, name) in {record.key, f"'{record.key}", unescape_formula(record.key)}

    def validate_end(self) -> None:
        """Validate that there is no other row.

        Raises:
            JobError: There is one.
        """
        if self._next is not None:
            raise JobError(f"{self._part.path} has rows that the input does not have", file=str(self._part.path))


def _joined_fields(parts: Sequence[PartFile], report: JoinReport) -> JSON:
    """Return the fields of the manifest that are not those of a part."""
    manifests = [part.manifest for part in parts]
    spends = [manifest["spend"] for manifest in manifests]
    return {
        "rows": report.rows,
        "counts": dict(report.counts),
        "errors": dict(_sum_counts(parts, "errors")),
        "output": str(report.output),
        "output_sha256": None,
        "part": None,
        "parts": [part.path.name for part in parts],
        "tokens": _total(parts, "tokens"),
        "unreported_replies": _total(parts, "unreported_replies"),
        "spend": None if None in spends else f"{sum(map(Decimal, spends)):f}",
        "replies_of_unknown_cost": _total(parts, "replies_of_unknown_cost"),
        "ambiguous": [name for manifest in manifests for name in manifest["ambiguous"]],
        "removed": None,
        "started_at": min(manifest["started_at"] for manifest in manifests),
        "seconds": max(manifest["seconds"] for manifest in manifests),
    }


def _total(parts: Sequence[PartFile], name: str) -> int:
    return sum(part.manifest[name] for part in parts)


def _sum_counts(parts: Sequence[PartFile], name: str) -> Counter[str]:
    return sum((Counter(part.manifest[name]) for part in parts), Counter[str]())

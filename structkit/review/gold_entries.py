"""What a reviewer has saved: lines of JSON, one for each row that was decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from structkit.errors import JobError
from structkit.parsing import NotJSON, read_json
from structkit.schema import ResponseFormat
from structkit.values import JSON, JSONValue

MAX_ISSUES = 3
"""Issues of a value that a message lists."""

DECISIONS = ("approved", "rejected", "open")
"""What a person decides of a row; `open` takes an earlier decision back."""


@dataclass(frozen=True, slots=True)
class GoldEntry:
    """The decision about a row.

    Args:
        key: What identifies the row.
        decision: `approved`, `rejected`, or `open`, which takes an earlier decision back.
        value: The approved value as natural JSON.
        changes: What was corrected: a path, the value before and after, and the span of the text if it was selected.
        by: Who decided; the name of the file if it does not say.
        at: When, in ISO form.
        row_digest: The digest of the row that was reviewed.
        line: Its line in the file, counted from 1.
        file: The file.
    """

    key: str
    decision: str
    value: JSONValue
    changes: tuple[JSON, ...]
    by: str
    at: str
    row_digest: str
    line: int
    file: str

    @property
    def is_approved(self) -> bool:
        """Whether it has a value."""
        return self.decision == "approved"


def read_gold_entries(lines: Iterable[str], file: str, output_format: ResponseFormat[Any]) -> Iterator[GoldEntry]:
    """Yield the entries of a file.

    Raises:
        JobError: A line is not an entry, or its value is not one of the type; with the line.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield parse_gold_line(line, file, number, output_format)


def parse_gold_line(line: str, file: str, number: int, output_format: ResponseFormat[Any]) -> GoldEntry:
    """Return the entry of a line.

    Raises:
        JobError: It is not an entry, or its value is not one of the type; with its number.
    """
    try:
        return read_gold_entry(read_json(line), file, number, output_format)
    except (NotJSON, TypeError, ValueError) as error:
        raise JobError(f"{file}, line {number}: {error}", file=file, line=number) from None


def split_gold_lines(text: str) -> tuple[list[str], str]:
    r"""Return the lines of a file, and what a process that was killed has left of its last one.

    >>> split_gold_lines('{"a": 1}\n{"b": 2}'), split_gold_lines('{"a": 1}\n{"b": ')
    ((['{"a": 1}', '{"b": 2}'], ''), (['{"a": 1}'], '{"b": '))
    """
    *lines, end = text.split("\n")
    if not end.strip():
        return lines, ""
    try:
        read_json(end.removeprefix("\ufeff"))
    except NotJSON:
        return lines, end
    return [*lines, end], ""


def read_gold_entry(fields: JSONValue, file: str, line: int, output_format: ResponseFormat[Any]) -> GoldEntry:
    """Return an entry that is JSON.

    Raises:
        ValueError: It is not an entry, or its value is not one of the type.
    """
    if not isinstance(fields, dict) or fields.get("decision") not in DECISIONS:
        raise ValueError("not an entry of a review: it has no decision, approved or rejected")
    if missing := [name for name in ("key", "row_digest") if not isinstance(fields.get(name), str)]:
        raise ValueError(f"not an entry of a review: it has no {' and no '.join(missing)}")
    value = None
    if fields["decision"] == "approved":
        answer = output_format.read_natural(fields.get("value"))
        if not answer.valid:
            issues = "; ".join(map(str, answer.issues[:MAX_ISSUES]))
            raise ValueError(f"key {fields['key']!r}: not a value of {output_format.name}: {issues}")
        value = output_format.natural(answer.value, for_reader=True)
    return GoldEntry(
        key=fields["key"],
        decision=fields["decision"],
        value=value,
        changes=tuple(fields.get("changes") or ()),
        by=str(fields.get("by") or file),
        at=str(fields.get("at") or ""),
        row_digest=fields["row_digest"],
        line=line,
        file=file,
    )

"""The rows of a table to review: each value with its texts, its evidence and its confidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from structkit.errors import ConfigError
from structkit.evaluation.labelled_rows import LabelledTable
from structkit.evidence.alignment import align
from structkit.evidence.source_texts import SourceTexts
from structkit.parsing import NotJSON, read_json
from structkit.review.document_column import DocumentColumn
from structkit.review.row_digest import SEPARATOR
from structkit.schema import ResponseFormat
from structkit.tables.columns import RUN_SCHEMAS, output_columns
from structkit.tables.records import Record, digest
from structkit.tables.source import Source
from structkit.values import JSON, JSONPath, JSONValue, format_path, leaf_paths
from structkit.values.evidence_map import Evidence, Span, TextSource
from structkit.values.source_cell import to_text
from structkit.values.text import format_names

MAX_ISSUES = 3
"""Issues of a value that the page lists."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A row to review.

    Args:
        key: What identifies it: the cell of the key column, or else its number.
        number: Its position in the table, counted from 1.
        digest: Of its cells, without those of the run, and of its document: it changes if the row is edited or labelled
            otherwise, or the document is another one.
        value: Its value as natural JSON; None if it has none.
        texts: Its sources.
        evidence: Where each scalar is in them.
        confidence: Of each scalar, where it is known.
        lowest_confidence: The lowest one, which a table may have without the others.
        is_queued: Whether a job has marked it for review; None if it does not say.
        is_failed: Whether a job failed to find its value.
        message: Why.
        issues: What is invalid in its value.
        source_error: Why its document cannot be read.
    """

    key: str
    number: int
    digest: str
    value: JSONValue
    texts: tuple[TextSource, ...] = ()
    evidence: Mapping[JSONPath, Evidence] = field(default_factory=dict)
    confidence: Mapping[JSONPath, float | None] = field(default_factory=dict)
    lowest_confidence: float | None = None
    is_queued: bool | None = None
    is_failed: bool = False
    message: str = ""
    issues: tuple[str, ...] = ()
    source_error: str = ""

    @property
    def missing(self) -> int:
        """How many scalars no source has."""
        return sum(each.is_missing for each in self.evidence.values())

    def count_low(self, limit: float) -> int:
        """Return how many scalars have a confidence below a limit; 1 if only the lowest is known."""
        if self.confidence:
            return sum(score is not None and score < limit for score in self.confidence.values())
        return int(self.lowest_confidence is not None and self.lowest_confidence < limit)


@dataclass(frozen=True)
class ReviewTable:
    """A table to review, such as the output of a job.

    Args:
        source: The table.
        output_format: The type of its values.
        texts: The columns that the values are looked for in.
        value_column: The column of a type without fields.
        documents: The column with the documents that the values are looked for in as well.
    """

    source: Source
    output_format: ResponseFormat[Any]
    texts: Sequence[str] = ()
    value_column: str = "value"
    documents: DocumentColumn | None = None

    def __iter__(self) -> Iterator[ReviewRow]:
        """Yield its rows.

        Raises:
            ConfigError: It has no column of the type, or not one of the texts.
            JobError: A row cannot be read, or its key is empty or a duplicate.
        """
        self.validate_columns()
        return map(self.read_row, self.source)

    def digests(self) -> Iterator[tuple[str, str]]:
        """Yield the key and the digest of each row."""
        return map(self.identify, self.source)

    def identify(self, record: Record) -> tuple[str, str]:
        """Return the key and the digest of a row."""
        cells = {name: cell for name, cell in record.values.items() if name not in self._run_names}
        file = f"{SEPARATOR}{self.documents.digest(record.values)}" if self.documents else ""
        return self._labels.key(record), f"{digest(cells)}{file}"

    @property
    def has_texts(self) -> bool:
        """Whether its rows have texts in which a value could be missing."""
        return bool(self.texts) or self.documents is not None

    def validate_columns(self) -> None:
        """Validate that the table has what is reviewed.

        Raises:
            ConfigError: It has no column of the type, or not one of the texts.
        """
        names = self.source.columns
        if names and not self._labels.places(names):
            raise ConfigError(f"the table has no column of {self.output_format.name}; it has {format_names([*names])}")
        options = dict.fromkeys(self.texts, "--text") | ({self.documents.name: "--file"} if self.documents else {})
        for name, option in options.items():
            if names and name not in names:
                raise ConfigError(f"the table has no column {name!r} for {option}; it has {format_names([*names])}")

    def read_row(self, record: Record, max_chars: int | None = None) -> ReviewRow:
        """Return a row to review.

        Args:
            record: The row of the table.
            max_chars: Characters of its texts above which values are not looked for; if it is not None, no document is
                opened.
        """
        labelled = self._labels.read_row(record)
        key, row_digest = self.identify(record)
        cells, value = record.values, labelled.value
        texts, source_error = self._read_texts(cells, opens=max_chars is None)
        paths = {} if value is None else {format_path(path): path for path in leaf_paths(value)}
        return ReviewRow(
            key=key,
            number=record.row,
            digest=row_digest,
            value=value,
            texts=texts,
            evidence=self._evidence(cells, value, texts, paths, max_chars),
            confidence=_confidence(self._labels.run_cell(cells, "confidence"), paths),
            lowest_confidence=_number(self._labels.run_cell(cells, "lowest_confidence")),
            is_queued=_boolean(self._labels.run_cell(cells, "review")),
            is_failed=labelled.is_failed,
            message=to_text(self._labels.run_cell(cells, "message")),
            issues=() if value is None else self._issues(value),
            source_error=source_error,
        )

    def read_sources(self, record: Record) -> tuple[TextSource, ...]:
        """Return the sources of a row."""
        return self._read_texts(record.values, opens=True)[0]

    def _read_texts(self, cells: Mapping[str, Any], *, opens: bool) -> tuple[tuple[TextSource, ...], str]:
        """Return the sources of a row, and why its document cannot be read."""
        texts = tuple(TextSource(to_text(cells.get(name)), (name,)) for name in self.texts)
        if self.documents is None or not opens:
            return texts, ""
        source, error = self.documents.read_source(cells)
        return (*texts, source), error

    def _issues(self, value: JSONValue) -> tuple[str, ...]:
        answer = self.output_format.read_natural(value)
        return () if answer.valid else tuple(map(str, answer.issues[:MAX_ISSUES]))

    @cached_property
    def _labels(self) -> LabelledTable:
        return LabelledTable(self.source, self.output_format, self.value_column, is_output=True)

    def _evidence(
        self,
        cells: Mapping[str, Any],
        value: JSONValue,
        texts: tuple[TextSource, ...],
        paths: Mapping[str, JSONPath],
        max_chars: int | None,
    ) -> Mapping[JSONPath, Evidence]:
        """Return the evidence that the job has found; if it has none, or of another text, look for it."""
        if value is None or not (texts or self.documents):
            return {}
        if evidence := read_evidence(_json(self._labels.run_cell(cells, "evidence")), texts, paths):
            return evidence
        if not texts or (max_chars is not None and sum(len(each.text) for each in texts) > max_chars):
            return {}
        return align(value, SourceTexts(texts), self.output_format.natural_schema)

    @cached_property
    def _field_names(self) -> frozenset[str]:
        columns = output_columns(self.output_format.natural_schema, name=self.value_column)
        return frozenset(each.name for each in columns)

    @cached_property
    def _run_names(self) -> frozenset[str]:
        names = {*RUN_SCHEMAS} - self._field_names
        return frozenset({*names, *(f"{name}_run" for name in RUN_SCHEMAS)})


def read_evidence(
    entries: JSONValue, texts: Sequence[TextSource], paths: Mapping[str, JSONPath]
) -> dict[JSONPath, Evidence]:
    """Return the evidence that a job has written; nothing if it is not that of these texts.

    Args:
        entries: What `EvidenceMap.to_list` returns.
        texts: The sources; one that is not among them has no places.
        paths: The paths of the scalars, by how they are written.

    >>> texts, paths = [TextSource("in Kiel", ("body",))], {"city": ("city",)}
    >>> entry = {"path": "city", "spans": [[3, 7]], "how": "exact", "text": "Kiel"}
    >>> read_evidence([entry], texts, paths)
    {('city',): Evidence(spans=(Span(start=3, end=7, source=0),), how='exact', text='Kiel')}
    >>> read_evidence([{**entry, "text": "Bonn"}], texts, paths)
    {}
    """
    numbers = {format_path(text.path): number for number, text in enumerate(texts)}
    evidence: dict[JSONPath, Evidence] = {}
    for entry in entries if isinstance(entries, list) else ():
        path = paths.get(str(entry.get("path")))
        if path is None:
            continue
        spans = tuple(_spans(entry, numbers))
        if spans and texts and texts[spans[0].source].text[spans[0].start : spans[0].end] != entry["text"]:
            return {}
        evidence[path] = Evidence(spans, entry["how"], str(entry["text"]))
    return evidence


def _spans(entry: JSON, numbers: Mapping[str, int]) -> Iterator[Span]:
    for start, end, *names in entry["spans"]:
        number = numbers.get(names[0]) if names else 0
        if number is not None and numbers:
            yield Span(int(start), int(end), number)


def _confidence(cell: Any, paths: Mapping[str, JSONPath]) -> dict[JSONPath, float | None]:
    entries = _json(cell)
    scores = {str(each.get("path")): each.get("score") for each in entries} if isinstance(entries, list) else {}
    return {paths[name]: _number(score) for name, score in scores.items() if name in paths}


def _json(cell: Any) -> JSONValue:
    """Return a cell that is JSON, or JSON as text."""
    if not isinstance(cell, str):
        return cell
    try:
        return read_json(cell)
    except NotJSON:
        return None


def _number(cell: Any) -> float | None:
    try:
        return None if cell is None or cell == "" else float(cell)
    except (TypeError, ValueError):
        return None


def _boolean(cell: Any) -> bool | None:
    """Return a cell that is a boolean, also as a table of texts or numbers has it."""
    return {"true": True, "1": True, "false": False, "0": False}.get(str(cell).lower())

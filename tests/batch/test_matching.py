"""Matching the rows of an input with those of a journal, also after edits."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structkit.batch import matching
from structkit.batch.matching import Matching, RemovedRows
from structkit.journal.entries import SHARD_ORDINALS
from structkit.journal.journal import Journal
from structkit.journal.row_state import RowState
from structkit.tables.records import Record, digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "job"


def records(texts: Iterable[str], *, is_keyed: bool = False) -> list[Record]:
    """Rows; if is_keyed, the key is the first character."""
    rows = [{"text": text} for text in texts]
    return [Record(at, row["text"][:1] if is_keyed else digest(row), row) for at, row in enumerate(rows)]


def conclude(journal: Journal, record: Record) -> None:
    journal.conclude(
        record.ordinal, "done", {"value": record.values["text"]}, key=record.key, digest=digest(record.values)
    )


def match(journal: Journal, rows: list[Record]) -> list[tuple[Record, RowState | None]]:
    return [*Matching(rows, journal)]


def stored_values(journal: Journal, rows: list[Record]) -> list[str | None]:
    """The value that the journal has of each row."""
    return [row.outcome["value"] if row and row.outcome else None for _, row in match(journal, rows)]


def test_a_row_that_moves_to_the_position_of_an_unfinished_one_is_matched(folder: Path) -> None:
    with Journal.open(folder, {}) as journal:
        for record in records("abcd"):
            if record.values["text"] != "b":  # it was never sent
                conclude(journal, record)
        assert stored_values(journal, records("acd")) == ["a", "c", "d"]
        assert stored_values(journal, records("abcd")) == ["a", None, "c", "d"]


def test_a_row_that_was_never_sent_keeps_its_position(folder: Path) -> None:
    with Journal.open(folder, {}) as journal:
        for record in records("abcd"):
            if record.values["text"] not in "bc":
                conclude(journal, record)
        ordinals = [record.ordinal for record, _ in match(journal, records("abcde"))]
    assert ordinals == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("is_keyed", [False, True])
@pytest.mark.parametrize(
    ("after", "removed"),
    [("abcd", ""), ("abc", "d"), ("bcd", "a"), ("dxb", "ac"), ("", "abcd"), ("abcdxyz", "")],
)
def test_removed_rows_are_counted_and_named(folder: Path, is_keyed: bool, after: str, removed: str) -> None:
    with Journal.open(folder, {}) as journal:
        for record in records("abcd", is_keyed=is_keyed):
            conclude(journal, record)
        rows = Matching(records(after, is_keyed=is_keyed), journal)
        assert len([*rows]) == len(after)
    assert rows.removed == RemovedRows(len(removed), tuple(each.key for each in records(removed, is_keyed=is_keyed)))


def test_only_the_first_of_many_removed_rows_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MAX_REMOVED_KEYS", 2)
    with Journal.open(folder, {}) as journal:
        for record in records("abcdef", is_keyed=True):
            conclude(journal, record)
        rows = Matching(records("f", is_keyed=True), journal)
        list(rows)
    assert rows.removed == RemovedRows(5, ("a", "b"))


def test_rows_are_matched_in_every_shard(folder: Path) -> None:
    with Journal.open(folder, {}) as journal:
        for record, ordinal in zip(records("abcd"), (0, 5, SHARD_ORDINALS + 1, 3 * SHARD_ORDINALS), strict=True):
            conclude(journal, Record(ordinal, record.key, record.values))
        assert journal.next_ordinal == 3 * SHARD_ORDINALS + 1
        assert stored_values(journal, records("dxca")) == ["d", None, "c", "a"]
        assert [ordinal for ordinal, _ in journal.read_keys(6)] == [SHARD_ORDINALS + 1, 3 * SHARD_ORDINALS]
        assert [record.ordinal for record, _ in match(journal, records("dx"))] == [3 * SHARD_ORDINALS, 1]


def test_a_row_of_a_part_that_moves_past_the_end_of_the_journal_is_matched(folder: Path) -> None:
    with Journal.open(folder, {}) as journal:
        first, *_, last = records("abc")
        conclude(journal, first)
        conclude(journal, last)
        rows = [record for record in records("abbbbc") if record.values["text"] in "ac"]
        assert [(record.ordinal, row is not None) for record, row in match(journal, rows)] == [(0, True), (2, True)]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=12),
    st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), min_size=1, max_size=3),
    st.sampled_from(["abcdefg", "aceg"]),
)
def test_no_reply_is_lost_or_used_for_two_rows_after_any_edit(
    rows_before: list[tuple[str, bool]], edits: list[list[str]], part: str
) -> None:
    def part_records(texts: Iterable[str]) -> list[Record]:
        return [record for record in records(texts) if record.values["text"] in part]

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "CHUNK_ROWS", 3)
        with Journal.open(Path(folder, "job"), {}) as journal:
            answers = Counter[str]()
            for record in part_records(text for text, _ in rows_before):
                if rows_before[record.ordinal][1]:
                    conclude(journal, record)
                    answers[record.values["text"]] += 1
            for edit in edits:
                texts = [text for text in edit if text in part]
                rows = Matching(part_records(edit), journal)
                pairs = [*rows]
                assert len({record.ordinal for record, _ in pairs}) == len(texts)
                matched = Counter(record.values["text"] for record, row in pairs if row)
                assert matched == answers & Counter(texts)
                assert rows.removed.count == (answers - Counter(texts)).total()
                for record, row in pairs:
                    if not row:
                        conclude(journal, record)
                        answers[record.values["text"]] += 1
                assert all(row for _, row in Matching(part_records(edit), journal))


@pytest.mark.parametrize("was_keyed", [False, True])
def test_another_key_column_pays_for_no_row_again(folder: Path, was_keyed: bool) -> None:
    with Journal.open(folder, {}) as journal:
        for record in records("abcd", is_keyed=was_keyed):
            conclude(journal, record)
        rows = Matching(records("abcd", is_keyed=not was_keyed), journal)
        assert [row.outcome["value"] for _, row in rows if row and row.outcome] == [*"abcd"]
    assert rows.removed == RemovedRows()


def test_rows_that_moved_are_matched_when_a_job_gets_its_first_key_column(folder: Path) -> None:
    with Journal.open(folder, {}) as journal:
        for record in records(["a", "b", "c", "d"]):
            conclude(journal, record)
        assert stored_values(journal, records(["d", "x", "a", "b2"], is_keyed=True)) == ["d", None, "a", None]

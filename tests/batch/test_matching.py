"""Rows of an input and rows of a journal: which is which, however either has come about."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structkit.batch import matching
from structkit.batch.matching import Matching, Removed
from structkit.journal.entries import SHARD_ORDINALS
from structkit.journal.journal import Journal
from structkit.journal.row_state import RowState
from structkit.tables.records import Record, digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "job"


def records(texts: Iterable[str], *, keyed: bool = False) -> list[Record]:
    """Rows; with a key, it is their first letter."""
    rows = [{"text": text} for text in texts]
    return [Record(at, row["text"][:1] if keyed else digest(row), row) for at, row in enumerate(rows)]


def conclude(journal: Journal, record: Record) -> None:
    journal.conclude(
        record.ordinal, "done", {"value": record.values["text"]}, key=record.key, digest=digest(record.values)
    )


def found(journal: Journal, rows: list[Record]) -> list[tuple[Record, RowState | None]]:
    return [*Matching(rows, journal)]


def known(journal: Journal, rows: list[Record]) -> list[str | None]:
    """What the journal has of each row."""
    return [kept.outcome["value"] if kept and kept.outcome else None for _, kept in found(journal, rows)]


def test_a_row_that_has_moved_to_where_an_unanswered_one_was_is_still_known(folder: Path) -> None:
    with Journal.open(folder, {}) as journal:
        for record in records("abcd"):
            if record.values["text"] != "b":  # it never came to its turn
                conclude(journal, record)
        assert known(journal, records("acd")) == ["a", "c", "d"]
        assert known(journal, records("abcd")) == ["a", None, "c", "d"]


def test_a_row_that_was_never_answered_gets_its_own_place(folder: Path) -> None:
    with Journal.open(folder, {}) as journal:
        for record in records("abcd"):
            if record.values["text"] not in "bc":
                conclude(journal, record)
        placed = [record.ordinal for record, _ in found(journal, records("abcde"))]
    assert placed == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize(
    ("after", "removed"),
    [("abcd", ""), ("abc", "d"), ("bcd", "a"), ("dxb", "ac"), ("", "abcd"), ("abcdxyz", "")],
)
def test_rows_that_are_gone_are_counted_and_named(folder: Path, keyed: bool, after: str, removed: str) -> None:
    with Journal.open(folder, {}) as journal:
        for record in records("abcd", keyed=keyed):
            conclude(journal, record)
        rows = Matching(records(after, keyed=keyed), journal)
        assert len([*rows]) == len(after)
    assert rows.removed == Removed(len(removed), tuple(each.key for each in records(removed, keyed=keyed)))


def test_of_many_rows_that_are_gone_the_first_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MAX_REMOVED_KEYS", 2)
    with Journal.open(folder, {}) as journal:
        for record in records("abcdef", keyed=True):
            conclude(journal, record)
        rows = Matching(records("f", keyed=True), journal)
        list(rows)
    assert rows.removed == Removed(5, ("a", "b"))


def test_rows_are_found_in_every_part(folder: Path) -> None:
    with Journal.open(folder, {}) as journal:
        for record, ordinal in zip(records("abcd"), (0, 5, SHARD_ORDINALS + 1, 3 * SHARD_ORDINALS), strict=True):
            conclude(journal, Record(ordinal, record.key, record.values))
        assert journal.next_ordinal == 3 * SHARD_ORDINALS + 1
        assert known(journal, records("dxca")) == ["d", None, "c", "a"]
        assert [ordinal for ordinal, _ in journal.read_keys(6)] == [SHARD_ORDINALS + 1, 3 * SHARD_ORDINALS]
        assert [record.ordinal for record, _ in found(journal, records("dx"))] == [3 * SHARD_ORDINALS, 1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=12),
    st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), min_size=1, max_size=3),
)
def test_no_answer_is_lost_or_used_twice_however_the_input_changes(
    begun: list[tuple[str, bool]], edits: list[list[str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "CHUNK_ROWS", 3)
        with Journal.open(Path(folder, "job"), {}) as journal:
            answers = Counter[str]()
            for record, (text, is_answered) in zip(records(text for text, _ in begun), begun, strict=True):
                if is_answered:
                    conclude(journal, record)
                    answers[text] += 1
            for texts in edits:
                rows = Matching(records(texts), journal)
                pairs = [*rows]
                assert len({record.ordinal for record, _ in pairs}) == len(texts)
                had = Counter(record.values["text"] for record, kept in pairs if kept)
                assert had == answers & Counter(texts)
                assert rows.removed.count == (answers - Counter(texts)).total()
                for record, kept in pairs:
                    if not kept:
                        conclude(journal, record)
                        answers[record.values["text"]] += 1
                assert all(kept for _, kept in Matching(records(texts), journal))

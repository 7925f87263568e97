"""Gold out of what several reviewers have saved: the rows that are not stale and on which all agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

from structkit.errors import JobError
from structkit.review.gold_entries import GoldEntry
from structkit.review.row_digest import is_same_row
from structkit.values import ABSENT, JSONPath, JSONValue, format_path, leaf_paths, value_at
from structkit.values.source_cell import to_json_text


class Disagreement(NamedTuple):
    """A place at which reviewers disagree.

    Args:
        key: The row.
        path: The place; `(root)` if only one of them has rejected the row.
        values: What each reviewer has there, as JSON; `absent`, or `rejected`.
    """

    key: str
    path: str
    values: Mapping[str, str]


class Agreement(NamedTuple):
    """How far reviewers agree on a field, over pairs of reviewers of the same row.

    Args:
        field: The field; positions of lists are left out.
        pairs: How many pairs of values there are.
        equal: How many of them are equal.
    """

    field: str
    pairs: int
    equal: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.equal / self.pairs


@dataclass(frozen=True, slots=True)
class MergedGold:
    """What was merged.

    Args:
        values: The gold: the approved value of each row, in the order of the table.
        rejected: Keys of rows that were rejected.
        stale: Entries about rows that were edited since.
        disagreements: Where reviewers disagree; these rows are not in the gold.
        agreement: Of each field; empty if no row has two reviewers.
        rows_of_several: How many rows have two or more reviewers.
    """

    values: Mapping[str, JSONValue]
    rejected: tuple[str, ...] = ()
    stale: tuple[GoldEntry, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    agreement: tuple[Agreement, ...] = ()
    rows_of_several: int = 0
    reviewers: tuple[str, ...] = field(default=())


def merge_gold(entries: Iterable[GoldEntry], digests: Mapping[str, str]) -> MergedGold:
    """Return the gold of entries; of several by one reviewer about a row, the latest counts.

    Args:
        entries: What the reviewers have saved.
        digests: The digest of each row of the table, by its key.

    Raises:
        JobError: An entry is about a row that the table does not have; with its line.
    """
    stale, by_key = _latest_entries(entries, digests)
    values, rejected, disagreements = dict[str, JSONValue](), list[str](), list[Disagreement]()
    for key in digests:
        decided = [*by_key.get(key, {}).values()]
        places = disagreements_of(decided)
        disagreements += places
        if decided and not places:
            if decided[0].is_approved:
                values[key] = decided[0].value
            else:
                rejected.append(key)
    several = [[*each.values()] for each in by_key.values() if len(each) > 1]
    reviewers = dict.fromkeys(entry.by for each in by_key.values() for entry in each.values())
    return MergedGold(
        values,
        tuple(rejected),
        tuple(stale),
        tuple(disagreements),
        measure_agreement(several),
        len(several),
        tuple(reviewers),
    )


def _latest_entries(
    entries: Iterable[GoldEntry], digests: Mapping[str, str]
) -> tuple[list[GoldEntry], Mapping[str, dict[str, GoldEntry]]]:
    """Return the stale entries, and the latest other entry of each reviewer about each row."""
    stale, by_key = list[GoldEntry](), defaultdict[str, dict[str, GoldEntry]](dict)
    for entry in sorted(entries, key=lambda each: each.at):
        if entry.key not in digests:
            message = f"{entry.file}, line {entry.line}: the table has no row with the key {entry.key!r}"
            raise JobError(message, file=entry.file, line=entry.line)
        if not is_same_row(entry.row_digest, digests[entry.key]):
            stale.append(entry)
        elif entry.decision == "open":
            by_key[entry.key].pop(entry.by, None)
        else:
            by_key[entry.key][entry.by] = entry
    return stale, by_key


def disagreements_of(entries: Sequence[GoldEntry]) -> list[Disagreement]:
    """Return where the reviewers of a row disagree."""
    if len({entry.decision for entry in entries}) > 1:
        texts = {entry.by: to_json_text(entry.value) if entry.is_approved else "rejected" for entry in entries}
        return [Disagreement(entries[0].key, format_path(()), texts)]
    places = dict.fromkeys(
        path for entry in entries[1:] for path in (*leaf_paths(entries[0].value), *leaf_paths(entry.value))
    )
    return [
        Disagreement(entries[0].key, format_path(path), texts)
        for path in places
        if len({*(texts := {entry.by: _text_at(entry.value, path) for entry in entries}).values()}) > 1
    ]


def measure_agreement(rows: Iterable[Sequence[GoldEntry]]) -> tuple[Agreement, ...]:
    """Return the agreement on each field, of rows with the entries of two or more reviewers who have approved them."""
    pairs, equal = Counter[str](), Counter[str]()
    for entries in rows:
        for first, second in combinations([entry.value for entry in entries if entry.is_approved], 2):
            for path in dict.fromkeys((*leaf_paths(first), *leaf_paths(second))):
                name = format_path(tuple(step if isinstance(step, str) else "[]" for step in path))
                pairs[name] += 1
                equal[name] += _text_at(first, path) == _text_at(second, path)
    return tuple(Agreement(name, count, equal[name]) for name, count in pairs.items())


def _text_at(value: JSONValue, path: JSONPath) -> str:
    part = value_at(value, path)
    return "absent" if part is ABSENT else to_json_text(part)

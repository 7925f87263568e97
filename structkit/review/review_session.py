"""A review that is served: what the page asks for, and the decisions that it sends, one by one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from structkit.errors import JobError
from structkit.html_pages import UTF16Offsets, read_page_row, read_sheet
from structkit.parsing import NotJSON, read_json
from structkit.review.gold_entries import GoldEntry, parse_gold_line, read_gold_entry
from structkit.review.gold_file import GoldFile
from structkit.review.page_sheets import draw_sheet
from structkit.review.review_rows import ReviewTable
from structkit.review.review_view import list_row_sheets, page_row
from structkit.review.row_choice import RowChoice
from structkit.review.row_digest import is_same_row
from structkit.review.row_index import RowIndex, StoredEntry, StoredRow
from structkit.values import JSON, JSONValue
from structkit.values.source_cell import to_json_text

MAX_LISTED_ROWS = 200
"""Rows of the list in one reply."""

MAX_SEARCHED_CHARS = 20_000
"""Characters of the texts of a row in which values are looked for to list it; if it has more, when it is opened."""

RETRY_SECONDS = 1.0
"""How often a table that cannot be read is read again: another program may be writing it."""

SNIPPET_CHARS = 90
MAX_NAME_CHARS = 200
COUNTED = ("approved", "rejected")


class RejectedRequest(Exception):
    """A request that is not answered as it was meant.

    Args:
        status: The HTTP status.
        problem: A word for the script of the page.
        message: What happened, for a person.
        fields: What else the page needs.
    """

    def __init__(self, status: int, problem: str, message: str, **fields: JSONValue) -> None:
        """Store them."""
        super().__init__(message)
        self.status = status
        self.fields: JSON = {"problem": problem, "message": message, **fields}


class ReviewSession:
    """A table that is reviewed, and the file that the decisions are appended to.

    Args:
        open_table: Opens the table; called again if it has changed.
        choice: Which of its rows are reviewed.
        below: A confidence below this is low.
        gold: The file of the decisions.
        title: The title of the page.

    Raises:
        ConfigError: The table has no column of the type, or not one of the texts.
        JobError: The gold file has a line that is not an entry, or one about a row that the table does not have.
    """

    def __init__(
        self, open_table: Callable[[], ReviewTable], choice: RowChoice, below: float, gold: GoldFile, title: str
    ) -> None:
        """Read the decisions, and begin to read the table."""
        self._open_table, self._choice, self._below = open_table, choice, below
        self._gold, self._title = gold, title
        self._lock = threading.RLock()
        self._last_time, self._line = "", 0
        self._version, self._retry_at = 1, 0.0
        self._index = self._new_index()
        for self._line, text in gold.read_lines():
            if text.strip():
                entry = parse_gold_line(text, str(gold.path), self._line, self._index.table.output_format)
                self._last_time = max(self._last_time, entry.at)
                self._index.add_entry(entry, text)
        self._fill(self._index)
        if orphan := self._index.find_missing_row():
            key = json.loads(orphan.text)["key"]
            message = f"{gold.path}, line {orphan.line}: the table has no row with the key {key!r}"
            raise JobError(message, file=str(gold.path), line=orphan.line)

    @property
    def error(self) -> Exception | None:
        """Why the table could not be read from the start; None if it could. One that has changed is read again."""
        return self._index.error if self._version == 1 and not self._has_changed() else None

    def count_decisions(self) -> Mapping[str, int]:
        """Return how many of the rows have each decision."""
        return {name: self._index.decisions[name] for name in COUNTED}

    def describe(self) -> JSON:
        """Return what the page needs besides rows."""
        index = self._current_index()
        index.wait_for_rows()
        return {
            "title": self._title,
            "below": self._below,
            "schema": index.table.output_format.natural_schema,
            "gold": self._gold.path.name,
            "next": index.next_open(index.count),
            **self._progress(index),
        }

    def list_rows(self, start: int, count: int, version: int) -> JSON:
        """Return rows of the list: what it shows of each."""
        index = self._index_of(version)
        rows = index.rows(start, min(count, MAX_LISTED_ROWS))
        return {"start": start, "items": [self._item(index, row) for row in rows], **self._progress(index)}

    def read_row(self, place: int, version: int) -> JSON:
        """Return a row with its value, its texts, and the decision about it."""
        index = self._index_of(version)
        row = self._stored_row(index, place)
        review = index.table.read_row(row.record)
        fields = replace(page_row(review, self._below), sheets=list_row_sheets(review))
        return {**read_page_row(fields), **self._decision(index.entry(row.key), row)}

    def draw_sheet(self, place: int, source: int, number: int, version: int) -> JSON:
        """Return the image of a page of a document, and the words on it."""
        index = self._index_of(version)
        row = self._stored_row(index, place)
        texts = index.table.read_sources(row.record)
        document = texts[source].document if source < len(texts) else None
        sheet = draw_sheet(document, number) if document else None
        if document is None or sheet is None:
            raise RejectedRequest(404, "missing", "there is no image of this page")
        return read_sheet(sheet, UTF16Offsets(document.text))

    def next_open(self, place: int, version: int) -> JSON:
        """Return the position of the next row that is not decided."""
        return {"place": self._index_of(version).next_open(place)}

    def decide(self, body: JSON) -> JSON:
        """Write a decision, and return when it is on the disk.

        Args:
            body: `table`, the version of the table; `place`, the position of the row; `seen`, the line of the decision
                that the person knows of, or 0; `entry`, the new one, as in a gold file.

        Raises:
            RejectedRequest: It is not a valid entry; the row has changed; or another decision was made since.
            JobError: The file cannot be written.
        """
        entry = body.get("entry")
        if not isinstance(entry, dict) or not all(type(body.get(name)) is int for name in ("table", "place", "seen")):
            raise RejectedRequest(400, "invalid", "not a decision")
        with self._lock:
            index = self._index_of(body["table"])
            row = self._stored_row(index, body["place"])
            if (entry.get("key"), entry.get("row_digest")) != (row.key, row.digest):
                raise RejectedRequest(409, "stale", "the row was edited or labelled since it was opened")
            fields = self._fields(entry, row)
            stored = index.entry(row.key)
            if stored.line == body["seen"]:
                stored = self._write(index, fields)
            elif not _is_same(stored, fields):
                raise RejectedRequest(
                    409, "conflict", "this row was decided in another window", **self._decision(stored, row)
                )
        return {**self._decision(stored, row), **self._progress(index)}

    def close(self) -> None:
        """Close the file, and delete the copy of the table."""
        with self._lock:
            self._gold.close()
            self._index.close()

    def _fields(self, entry: JSON, row: StoredRow) -> JSON:
        """Return the line of a decision as JSON, in which the row and the time are not the page's to say."""
        at = max(datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), self._last_time)
        fields = {"key": row.key, "row": row.record.row, "decision": entry.get("decision")}
        if entry.get("decision") == "approved":
            fields |= {"value": entry.get("value"), "changes": entry.get("changes") or []}
        return {**fields, "by": str(entry.get("by") or "")[:MAX_NAME_CHARS], "at": at, "row_digest": row.digest}

    def _write(self, index: RowIndex, fields: JSON) -> StoredEntry:
        entry = self._validate(index, fields)
        text = to_json_text(fields)
        self._gold.append(text)
        self._line, self._last_time = self._line + 1, entry.at
        index.add_entry(entry, text)
        return StoredEntry(entry.line, entry.decision, entry.row_digest, text)

    def _validate(self, index: RowIndex, fields: JSON) -> GoldEntry:
        changes = fields.get("changes", [])
        if not isinstance(changes, list) or not all(isinstance(each, dict) for each in changes):
            raise RejectedRequest(400, "invalid", "not a list of changes")
        try:
            return read_gold_entry(fields, str(self._gold.path), self._line + 1, index.table.output_format)
        except (ValueError, TypeError) as error:
            raise RejectedRequest(422, "invalid", str(error)) from None

    def _item(self, index: RowIndex, row: StoredRow) -> JSON:
        decision = self._decision(index.entry(row.key), row)
        review = index.table.read_row(row.record, MAX_SEARCHED_CHARS)
        flags = {"failed": review.is_failed, "missing": review.missing, "low": review.count_low(self._below)}
        documents = index.table.documents
        snippet = review.texts[0].text if review.texts else documents.path(row.record.values) if documents else ""
        state = {"decision": decision["saved"]["decision"]} if decision["saved"] else {}
        state |= {name: flag for name, flag in flags.items() if flag}
        return {"key": row.key, "snippet": snippet[:SNIPPET_CHARS], **state}

    def _decision(self, stored: StoredEntry, row: StoredRow) -> JSON:
        """Return the decision about a row; one about the row before it was edited is only mentioned."""
        if stored.decision in {"", "open"} or not is_same_row(stored.digest, row.digest):
            is_stale = stored.decision not in {"", "open"}
            return {"saved": None, "seen": stored.line, **({"isStale": True} if is_stale else {})}
        fields: Any = read_json(stored.text)
        value = {"value": to_json_text(fields["value"])} if "value" in fields else {}
        saved = {name: fields.get(name) for name in ("decision", "by", "at", "changes")}
        return {"saved": {**saved, **value}, "seen": stored.line}

    def _progress(self, index: RowIndex) -> JSON:
        return {
            "table": self._version,
            "count": index.count,
            "isComplete": index.is_complete,
            "decisions": {name: index.decisions[name] for name in COUNTED},
        }

    def _stored_row(self, index: RowIndex, place: int) -> StoredRow:
        row = index.row(place)
        if row is None:
            raise RejectedRequest(404, "missing", "there is no such row")
        return row

    def _index_of(self, version: int) -> RowIndex:
        """Return the index, if a page has positions of this version of the table.

        Raises:
            RejectedRequest: The table has changed since.
        """
        index = self._current_index()
        if version != self._version:
            raise RejectedRequest(409, "table", f"{self._title} has changed: load the page again")
        return index

    def _current_index(self) -> RowIndex:
        """Return the index of the table as it is now; if it has changed, begin a new one.

        Raises:
            JobError: The table cannot be read.
        """
        with self._lock:
            if self._has_changed() or (self._index.error and time.monotonic() > self._retry_at):
                self._replace_index()
            if self._index.error:
                raise self._index.error
            self._index.touch()
            return self._index

    def _has_changed(self) -> bool:
        try:
            self._index.table.source.validate_unchanged()
        except JobError:
            return True
        return False

    def _replace_index(self) -> None:
        self._retry_at = time.monotonic() + RETRY_SECONDS
        index = self._new_index()
        index.copy_entries(self._index)
        self._index, previous = index, self._index
        self._version += 1
        self._fill(index)
        index.wait_for_rows()
        previous.stop()  # a request may be reading it

    def _new_index(self) -> RowIndex:
        table = self._open_table()
        table.validate_columns()
        self._choice.validate_columns(table.source.columns, has_texts=table.has_texts)
        return RowIndex(table, self._choice, self._below)

    def _fill(self, index: RowIndex) -> None:
        threading.Thread(target=index.fill, daemon=True).start()


def read_body(data: bytes) -> JSON:
    """Return the body of a request.

    Raises:
        RejectedRequest: It is not a JSON object.
    """
    try:
        body = read_json(data.decode())
    except (UnicodeError, NotJSON) as error:
        raise RejectedRequest(400, "invalid", str(error)) from None
    if not isinstance(body, dict):
        raise RejectedRequest(400, "invalid", "not a JSON object")
    return body


def _is_same(stored: StoredEntry, fields: JSON) -> bool:
    """Return whether a decision was stored already, by a request whose reply was lost."""
    if not stored.text:
        return False
    before: Any = json.loads(stored.text)
    return all(
        to_json_text(before.get(name)) == to_json_text(fields.get(name))
        for name in ("decision", "value", "by", "row_digest")
    )

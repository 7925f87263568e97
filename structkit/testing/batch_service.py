"""The Batch API of the test endpoint: files and batches in memory, which are carried out by the endpoint's script."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from structkit.testing.batch_faults import BATCH_FAULTS, BatchOutcome, FinishedLine
from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import Reply
from structkit.values import JSON
from structkit.values.text import suggest_name

STEPS = ("list", "upload", "create", "poll", "download", "cancel")
"""The calls of the API: GET and POST of batches, POST of files, GET of a batch and of a file, and a cancel."""

DISCONNECT = "disconnect"
"""What a step may have instead of a status: the call is carried out, and the connection breaks within the reply."""

IN_PROGRESS = frozenset({"validating", "in_progress"})

MAX_LISTED = 100
NOT_FOUND, OK = 404, 200

StepListener: TypeAlias = Callable[[str, str], object]
"""Is called with a step and `received`, `done` (before the reply is sent), or `half` (of a file was sent)."""


@dataclass
class StoredBatch:
    """A batch: its object as the API shows it, the lines of its file, and what is to happen to it."""

    body: JSON
    lines: list[JSON]
    fault: str | None
    created_at: float = field(default_factory=time.monotonic)
    polls: int = 0


class BatchService:
    """A Batch API in memory, for `Endpoint(batches=...)`.

    Args:
        *faults: What happens to the batches, in the order in which they are created: a name in `BATCH_FAULTS`, or None.
            Later ones have no fault.
        steps: What happens to the calls of each of `STEPS`, in their order: a status, with which the call is answered
            and not carried out; `disconnect`, if it is carried out and the connection breaks within the reply; or None.
        polls: How many polls of a batch find it in progress.
        delay: Seconds for which each batch is in progress.
        page: The most batches on one page of the list.
        strangers: How many batches of other jobs are in the list, the newer half before and the older half after,
            which is of 1970.
        seed: Of the random order.
        is_available: Whether there is a Batch API; if not, its addresses do not exist.
        on_step: Is called at the steps, see `StepListener`; for tests that stop a process at a moment.

    Attributes:
        calls: The steps that were called so far.
        executed: The `custom_id` of every line that was carried out, and would be paid for.
        batches: Every batch by its id, as the API shows it.
        files: The content of every file by its id.

    Raises:
        ValueError: There is no such fault, or no such step.
    """

    def __init__(
        self,
        *faults: str | None,
        steps: Mapping[str, Sequence[int | str | None]] | None = None,
        polls: int = 0,
        delay: float = 0.0,
        page: int = MAX_LISTED,
        strangers: int = 0,
        seed: int = 0,
        is_available: bool = True,
        on_step: StepListener | None = None,
    ) -> None:
        """Start without files and batches."""
        _validate(faults, steps or {})
        self._faults, self._steps = list(faults), {name: list(each) for name, each in (steps or {}).items()}
        self._polls, self._delay, self._page, self._strangers = polls, delay, page, strangers
        self._random, self._on_step = Random(seed), on_step or (lambda _step, _phase: None)  # noqa: S311
        self._is_available = is_available
        self._answer: Callable[[JSON], Reply] | None = None
        self.files: dict[str, bytes] = {}
        self._stored: dict[str, StoredBatch] = {}
        self._lock = threading.RLock()
        self.calls: list[str] = []
        self.executed: list[str] = []

    @property
    def batches(self) -> dict[str, JSON]:
        """Every batch by its id, the oldest first."""
        with self._lock:
            return {name: batch.body for name, batch in self._stored.items()}

    def finish_batches(self) -> None:
        """Carry out every batch that is in progress, as an endpoint does whether or not anybody asks for it."""
        with self._lock:
            for batch in self._stored.values():
                if batch.body["status"] in IN_PROGRESS and self._answer is not None:
                    self._finish(batch, self._answer)

    def reply_to(
        self, method: str, target: str, raw: bytes, content_type: str, answer: Callable[[JSON], Reply]
    ) -> Reply | None:
        """Return the reply to a call of the API; None if the request is not one.

        Args:
            method: The HTTP method.
            target: The path with its query.
            raw: The body.
            content_type: Of the body.
            answer: Carries out one line: returns the endpoint's reply to the body of a completion request.
        """
        self._answer = answer
        url = urlsplit(target)
        match = re.search(r"/(batches|files)(?:/([^/]+))?(?:/(content|cancel))?$", url.path)
        if match is None:
            return None
        if not self._is_available:
            return error_reply(NOT_FOUND, f"Invalid URL ({method} {url.path})")
        kind, name, action = match.groups()
        routes: dict[tuple[str, str, bool, str | None], tuple[str, Callable[[], Reply]]] = {
            ("GET", "batches", False, None): ("list", lambda: self._list(parse_qs(url.query))),
            ("POST", "batches", False, None): ("create", lambda: self.create(json.loads(raw))),
            ("GET", "batches", True, None): ("poll", lambda: self._poll(name, answer)),
            ("POST", "batches", True, "cancel"): ("cancel", lambda: self._cancel(name, answer)),
            ("POST", "files", False, None): ("upload", lambda: self._upload(raw, content_type)),
            ("GET", "files", True, "content"): ("download", lambda: self._download(name)),
        }
        step, call = routes.get((method, kind, bool(name), action), ("", lambda: _not_found_reply(target)))
        return self._take_step(step, call) if step else call()

    def _take_step(self, step: str, call: Callable[[], Reply]) -> Reply:
        self._on_step(step, "received")
        with self._lock:
            self.calls.append(step)
            script = self._steps.get(step)
            fault = script.pop(0) if script else None
            if isinstance(fault, int):
                return error_reply(fault, f"the {step} failed")
            reply = call()
        self._on_step(step, "done")
        return replace(reply, is_truncated=True) if fault == DISCONNECT else reply

    def _list(self, query: Mapping[str, list[str]]) -> Reply:
        newest_first = [batch.body for batch in reversed(self._stored.values())]
        half = self._strangers // 2
        strangers = [_stranger(number, int(time.time()) if number < half else 0) for number in range(self._strangers)]
        bodies = [*strangers[:half], *newest_first, *strangers[half:]]
        names = [body["id"] for body in bodies]
        after = query.get("after", [""])[0]
        start = names.index(after) + 1 if after in names else 0
        end = start + min(self._page, int(query.get("limit", ["20"])[0]))
        page = bodies[start:end]
        listing: JSON = {"object": "list", "data": page, "has_more": end < len(bodies)}
        return Reply(
            {**listing, "first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
        )

    def _upload(self, raw: bytes, content_type: str) -> Reply:
        fields = _multipart(raw, content_type)
        if fields.get("purpose") != b"batch" or "file" not in fields:
            return error_reply(400, "a file with the purpose 'batch' is required")
        name = self._store_file(fields["file"])
        return Reply({"id": name, "object": "file", "bytes": len(fields["file"]), "purpose": "batch"})

    def _store_file(self, content: bytes) -> str:
        name = f"file-{len(self.files) + 1}"
        self.files[name] = content
        return name

    def create(self, body: JSON) -> Reply:
        """Create a batch, as `POST /v1/batches` does."""
        if (content := self.files.get(body.get("input_file_id", ""))) is None:
            return error_reply(400, "there is no such file")
        lines = [json.loads(line) for line in content.splitlines()]
        name = f"batch_{len(self._stored) + 1}"
        batch: JSON = {"id": name, "object": "batch", "status": "validating", "errors": None, **body}
        batch |= {"output_file_id": None, "error_file_id": None, "created_at": int(time.time())}
        batch["request_counts"] = {"total": len(lines), "completed": 0, "failed": 0}
        fault = self._faults.pop(0) if self._faults else _error_of(lines)
        self._stored[name] = StoredBatch(batch, lines, fault)
        return Reply(dict(batch))

    def _poll(self, name: str, answer: Callable[[JSON], Reply]) -> Reply:
        batch = self._stored.get(name)
        if batch is None:
            return _not_found_reply(name)
        if batch.body["status"] in IN_PROGRESS:
            batch.polls += 1
            batch.body["status"] = "in_progress"
            if batch.polls > self._polls and time.monotonic() >= batch.created_at + self._delay:
                self._finish(batch, answer)
        return Reply(dict(batch.body))

    def _cancel(self, name: str, answer: Callable[[JSON], Reply]) -> Reply:
        batch = self._stored.get(name)
        if batch is None:
            return _not_found_reply(name)
        batch.fault = "cancelled"
        self._finish(batch, answer)
        return Reply(dict(batch.body))

    def _finish(self, batch: StoredBatch, answer: Callable[[JSON], Reply]) -> None:
        """Carry out the lines, and write the files."""
        outcome = BATCH_FAULTS[batch.fault or "none"](batch.lines, self._random)
        output, errors = self._write_lines(outcome, answer)
        completed = len(batch.lines) if outcome.counts_all else len(output)
        counts = {"total": len(batch.lines), "completed": completed, "failed": len(errors)}
        batch.body |= {"status": outcome.status, "errors": outcome.errors, "request_counts": counts}
        batch.body["output_file_id"] = self._store_file(b"".join(output)) if output else None
        batch.body["error_file_id"] = self._store_file(b"".join(errors)) if errors else ""

    def _write_lines(self, outcome: BatchOutcome, answer: Callable[[JSON], Reply]) -> tuple[list[bytes], list[bytes]]:
        output, errors = list[bytes](), list[bytes]()
        for line in outcome.lines:
            text, is_error = self._line_text(line, answer)
            (errors if is_error else output).append(text)
        return output, errors

    def _line_text(self, line: FinishedLine, answer: Callable[[JSON], Reply]) -> tuple[bytes, bool]:
        """Return a line of the output or of the error file, and whether it belongs to the latter."""
        if line.text is not None:
            return line.text, False
        response: Any = None
        if line.error is None:
            reply = line.reply or answer(line.request["body"])
            self.executed += [] if line.reply else [line.request["custom_id"]]
            response = {"status_code": reply.status, "request_id": "req_fake", "body": reply.body}
        entry = {"id": "batch_req_1", "custom_id": line.request["custom_id"], "response": response, "error": line.error}
        is_error = line.error is not None or response["status_code"] != OK
        return json.dumps(entry).encode() + b"\n", is_error

    def _download(self, name: str) -> Reply:
        content = self.files.get(name)
        return _not_found_reply(name) if content is None else Reply(self._halves(content))

    def _halves(self, content: bytes) -> Iterator[bytes]:
        middle = len(content) // 2
        yield content[:middle]
        self._on_step("download", "half")
        yield content[middle:]


def _validate(faults: tuple[str | None, ...], steps: Mapping[str, Any]) -> None:
    """Raise an error for a name that does not exist.

    Raises:
        ValueError: There is one.
    """
    for name in (each for each in faults if each is not None and each not in BATCH_FAULTS):
        raise ValueError(f"there is no fault {name!r} of a batch; {suggest_name(name, BATCH_FAULTS, 'there are ')}")
    for name in (each for each in steps if each not in STEPS):
        raise ValueError(f"there is no step {name!r} of the Batch API; {suggest_name(name, STEPS, 'there are ')}")


def _error_of(lines: list[JSON]) -> str | None:
    """Return the fault of a batch that the API would not carry out: models that differ, or ids that do not."""
    if len({line["body"]["model"] for line in lines}) > 1:
        return "mixed_models"
    return "duplicate_ids" if len({line["custom_id"] for line in lines}) < len(lines) else None


def _stranger(number: int, created_at: int) -> JSON:
    """Return the batch of another job."""
    metadata = {"structkit_job": f"another-{number}"} if number % 2 else None
    batch = {"id": f"batch_other_{number}", "object": "batch", "status": "completed", "created_at": created_at}
    return {**batch, "metadata": metadata}


def _not_found_reply(name: str | None) -> Reply:
    return error_reply(NOT_FOUND, f"there is no {name}")


def _multipart(raw: bytes, content_type: str) -> dict[str, bytes]:
    """Return the fields of a multipart form by their names."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    fields: dict[str, bytes] = {}
    for part in raw.split(b"--" + boundary)[1:-1] if boundary else ():
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if match := re.search(rb'name="([^"]*)"', head):
            fields[match[1].decode()] = content.removesuffix(b"\r\n")
    return fields

"""A run resumed from any prefix of its journal has the same output, and sends no request whose reply it has."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from structkit import Policy
from structkit.batch.job import Job
from structkit.journal.encoding import unpack_text
from structkit.journal.entries import Entry, Intent, ReceivedReply
from structkit.journal.journal import Journal, Reader
from structkit.journal.shards import JournalFiles
from structkit.testing import Endpoint, Reply
from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
ROWS = [
    "plain 1",
    "invalid 2",
    "busy 3",
    "never 4",
    "plain 5",
    "rejected 6",
    "invalid 7",
    "busy 8",
    "limited 9",
    "plain 10",
]

FAULTS = {"busy": [503, 429, 500], "limited": [429]}


class ScriptedEndpoint:
    """An endpoint whose reply depends only on the request, except for temporary faults."""

    def __init__(self) -> None:
        self.counts = Counter[str]()
        self.endpoint = Endpoint(self.answer)

    def answer(self, request: JSON) -> Reply:
        body = json.dumps(request, sort_keys=True)
        kind, number = request["messages"][0]["content"].partition("Label: ")[2].split()[:2]
        self.counts[body] += 1
        if kind == "rejected":
            return error_reply(400, "too long")
        if kind in FAULTS and self.counts[body] <= len(FAULTS[kind]):
            return error_reply(FAULTS[kind][self.counts[body] - 1], "later")
        is_invalid = kind == "never" or (kind == "invalid" and len(request["messages"]) == 1)
        return text_reply(request, json.dumps({"n": "invalid" if is_invalid else int(number)}))


class RecordedRun:
    """A complete run: the groups of entries that it wrote, and its output."""

    def __init__(self, folder: Path, scripted: ScriptedEndpoint) -> None:
        self.scripted, self.groups = scripted, list[list[Entry]]()
        write = JournalFiles.write

        def recording(files: JournalFiles, entries: Any) -> Any:
            self.groups.append([*entries])
            return write(files, entries)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(JournalFiles, "write", recording)
            report = self.job(folder).run()
        self.counts, self.output = report.counts, self.job(folder).output
        self.header = Reader(self.job(folder).folder).header
        self.entries = [entry for group in self.groups for entry in group]
        self.expected_output = Path(self.output).read_bytes()
        self.digests = {
            (entry.ordinal, entry.number): entry.request for entry in self.entries if isinstance(entry, Intent)
        }

    def job(self, folder: Path) -> Job:
        call: Any = {"policy": Policy(wait_initial=0.0, attempts=2, retries=3)}
        endpoint: dict[str, Any] = {"base_url": self.scripted.endpoint.base_url, "model": "fake", "api_key": "sk-test"}
        rows = [{"text": row} for row in ROWS]
        output = folder / "out.jsonl"
        return Job(
            source=rows, output=output, output_type=SCHEMA, prompt="Label: {text}", call=call, concurrency=3, **endpoint
        )

    def resume(self, folder: Path, groups: list[list[Entry]]) -> tuple[Job, list[JSON]]:
        """Run the job on a journal with these groups of entries; return it and the requests that it sent."""
        job = self.job(folder)
        Journal.open(job.folder, self.header).close()
        with closing(JournalFiles(job.folder, 1)) as files:
            for group in groups:
                assert files.write(
                    [entry if not isinstance(entry, Intent) else with_new_future(entry) for entry in group]
                ).committed_entries
        before = len(self.scripted.endpoint.requests)
        self.scripted.counts.clear()
        assert job.run().counts == self.counts
        return job, self.scripted.endpoint.requests[before:]

    def replied_digests(self, entries: list[Entry]) -> set[str]:
        """Digests of the requests whose reply from the model is in these entries."""
        answers = [entry for entry in entries if isinstance(entry, ReceivedReply) and entry.reply.kind == "completion"]
        return {unpack_text(self.digests[answer.ordinal, answer.number]) for answer in answers}


def with_new_future(intent: Intent) -> Intent:
    """Return an intent whose future is not resolved."""
    return intent._replace(future=Future())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedRun]:
    scripted = ScriptedEndpoint()
    with scripted.endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRUCTKIT_ROUTES", "off")
        yield RecordedRun(tmp_path_factory.mktemp("recorded"), scripted)


def check(recorded: RecordedRun, digest: Callable[[JSON], str], groups: list[list[Entry]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        job, requests = recorded.resume(Path(folder), groups)
        assert Path(job.output).read_bytes() == recorded.expected_output
    entries = [entry for group in groups for entry in group]
    assert not {*map(digest, requests)} & recorded.replied_digests(entries)
    if len(entries) == len(recorded.entries):
        assert not requests


def test_the_recorded_run_has_faults_of_all_kinds(recorded: RecordedRun) -> None:
    assert recorded.counts == {"done": 8, "failed": 2}
    assert len(recorded.groups) > 5
    kinds = Counter(entry.reply.kind for entry in recorded.entries if isinstance(entry, ReceivedReply))
    assert kinds == {"completion": 12, "StatusError": 8}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=some.floats(0, 1), bounds=some.lists(some.floats(0, 1), max_size=6))
@example(share=0.0, bounds=[])
@example(share=1.0, bounds=[])
def test_any_prefix_in_any_groups_resumes_to_the_same_output(recorded, digest, share, bounds) -> None:
    entries = recorded.entries[: round(share * len(recorded.entries))]
    indices = sorted({0, len(entries), *(round(bound * len(entries)) for bound in bounds)})
    check(recorded, digest, [entries[a:b] for a, b in pairwise(indices)])


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=some.floats(0, 1))
def test_any_prefix_of_the_recorded_groups_resumes_to_the_same_output(recorded, digest, share) -> None:
    check(recorded, digest, recorded.groups[: round(share * len(recorded.groups))])

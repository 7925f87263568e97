"""What the tests of whole jobs share: a job in a process, and its journal read from outside."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from structkit.journal.journal import Reader
from structkit.journal.row_state import RowState
from structkit.values import JSON, Completion

CHILD = """
import json, sys
from decimal import Decimal
from structkit.batch.job import Job
from structkit.costs.price import Price
from structkit.errors import JobError
from structkit.values import Policy
settings = json.loads(sys.argv[1])
settings["call"] = {**settings.get("call", {}), "policy": Policy(**settings.pop("policy", {}))}
if "price" in settings:
    settings["price"] = Price(*map(Decimal, settings["price"]))
try:
    print(Job(**settings).run())
except JobError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
"""


class Disk:
    """The journal and the output of a job, read from outside."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        output = Path(settings["output"])
        self.folder, self.output = output.with_name(f"{output.name}.job"), output

    def row_states(self) -> list[RowState]:
        return list(Reader(self.folder).read_rows(0, 1_000_000).values()) if (self.folder / "job.db").exists() else []

    def replied_digests(self) -> set[str]:
        """Digests of the requests whose reply from the model is on disk."""
        exchanges = [exchange for row in self.row_states() for exchange in row.exchanges]
        return {each.request for each in exchanges if isinstance(each.reply, Completion)}

    def unanswered_rows(self) -> set[int]:
        """Ordinals of rows with an intent on disk and no reply: their request may be in flight."""
        return {row.ordinal for row in self.row_states() if any(each.reply is None for each in row.exchanges)}

    def output_rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.read_bytes().splitlines()]


@pytest.fixture
def disk() -> Callable[[Mapping[str, Any]], Disk]:
    """The files of the job with these settings."""
    return Disk


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """The settings of this test's job, as JSON."""

    def make(base_url: str, rows: list[Any], **more: Any) -> dict[str, Any]:
        source = tmp_path / "in.jsonl"
        source.write_text("".join(json.dumps(row if isinstance(row, dict) else {"text": row}) + "\n" for row in rows))
        base = {"source": str(source), "output": str(tmp_path / "out.jsonl"), "prompt": "Label: {text}"}
        base |= {"model": "fake", "base_url": base_url, "api_key": "sk-test-hunter2-hunter2"}
        properties = {"n": {"type": "integer"}}
        schema = {"type": "object", "properties": properties, "required": ["n"], "additionalProperties": False}
        return {**base, "output_type": schema, "concurrency": 8, "policy": {"wait_initial": 0.001}, **more}

    return make


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """Starts the job with these settings in a process."""

    def start_process(settings: Mapping[str, Any], before: str = "", **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", before + CHILD, json.dumps(settings)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env={**os.environ, **environment})

    return start_process


@pytest.fixture
def digest() -> Callable[[JSON], str]:
    """The digest of a request in the journal."""

    def digest_of(request: JSON) -> str:
        body = json.dumps(request, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()

    return digest_of

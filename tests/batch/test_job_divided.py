"""Rows of a type that is requested in several parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import create_model

from structkit import Policy
from structkit.batch.job import Job
from structkit.dialects import Dialect, Size
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

SMALL = Dialect("small", frozenset(), max_size=Size(3, 100, 1_000, 0, 100))
FIELDS: dict[str, Any] = dict.fromkeys("abcde", (int, ...))
Five = create_model("Five", **FIELDS)


def part_of(body: JSON) -> str:
    return "".join(body["response_format"]["json_schema"]["schema"]["properties"])


def test_only_the_missing_part_is_requested_by_the_next_run(tmp_path: Path) -> None:
    locked = Reply({"error": {"message": "wrong key"}}, status=401)
    rows = [{"text": "a row"}]

    def job(endpoint: Endpoint) -> Job:
        settings: dict[str, Any] = {"source": rows, "output": tmp_path / "out.jsonl", "output_type": Five}
        settings |= {"prompt": "{text}", "model": "fake", "base_url": endpoint.base_url, "api_key": "sk-test"}
        return Job(**settings, call={"dialect": SMALL, "policy": Policy(wait_initial=0.001)})

    with Endpoint(lambda body: locked if part_of(body) == "de" else conforming_reply(body)) as endpoint:
        assert not job(endpoint).run().is_complete
        assert [*map(part_of, endpoint.requests)] == ["abc", "de"]
    with Endpoint() as endpoint:
        assert job(endpoint).run().counts == {"done": 1}
        assert [*map(part_of, endpoint.requests)] == ["de"]
    row = json.loads((tmp_path / "out.jsonl").read_text())
    assert {name: row[name] for name in "abcde"} == dict.fromkeys("abcde", 0)

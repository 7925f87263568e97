"""A job as it is printed: what was chosen, and no secret."""

from __future__ import annotations

from typing import Any

import structkit

SECRET = "hunter2-hunter2"

CALL: Any = {
    "temperature": 0,
    "extra_headers": {"x-auth": SECRET},
    "extra_query": {"code": SECRET},
    "extra_body": {"api_key": SECRET},
}


def test_a_printed_job_shows_what_was_chosen_without_secrets() -> None:
    source = f"https://files.example/rows.csv?sig={SECRET}"
    settings: Any = {"base_url": f"https://gateway.example/v1?key={SECRET}", "api_key": SECRET, "limits": SECRET}
    job = structkit.Job(source, "out.csv", output_type=int, prompt="{text}", model="m", limit=5, call=CALL, **settings)
    assert SECRET not in repr(job)
    for part in ("Job(source='https://files.example/rows.csv?...'", "prompt='{text}'", "limit=5", "'temperature': 0"):
        assert part in repr(job)
    assert "concurrency" not in repr(job), "the defaults are left out"


def test_a_printed_job_is_short_whatever_its_rows_are() -> None:
    job = structkit.Job([{"text": "a" * 1000}] * 1000, None, output_type=int, prompt="{text}", model="m")
    assert len(repr(job)) < 300


def test_the_declaration_of_a_function_is_printed_without_secrets() -> None:
    @structkit.prompt(int, **CALL)
    def function(text: str) -> str:
        return text

    assert SECRET not in f"{function!r} {function.declaration!r} {function.job([{'text': 'a'}])!r}"

"""`structkit review --serve` as a process of its own, and requests to it."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

TYPE = {
    "type": "object",
    "properties": {"mood": {"enum": ["good", "bad"]}, "city": {"type": ["string", "null"]}},
    "required": ["mood", "city"],
    "additionalProperties": False,
}


class Reply(NamedTuple):
    status: int
    body: Any
    headers: dict[str, str]


class Review:
    """A server under an address with its token."""

    def __init__(self, url: str, process: subprocess.Popen[str] | None = None) -> None:
        parts = urlsplit(url)
        self.url, self.port, self.process = url, int(parts.port or 0), process
        self.token = parts.query.removeprefix("token=")

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str | None) -> Reply:
        """Send a request with the token and these headers, of which None leaves one out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        standard = {
            "X-Structkit-Token": self.token,
            "Content-Type": "application/json",
            "Host": f"127.0.0.1:{self.port}",
        }
        standard |= {} if body is None else {"Content-Length": str(len(body))}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in (standard | {key.replace("_", "-"): text for key, text in headers.items()}).items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        is_json = reply.headers.get_content_type() == "application/json"
        return Reply(reply.status, json.loads(data) if is_json and data else data.decode(), dict(reply.headers.items()))

    def get(self, path: str, **numbers: int) -> Any:
        query = "&".join(f"{name}={number}" for name, number in {"table": 1, **numbers}.items())
        reply = self.send("GET", f"/api/{path}?{query}")
        assert reply.status == 200, reply
        return reply.body

    def decide(self, place: int, value: Any = None, *, line: int | None = None, table: int = 1, **fields: Any) -> Reply:
        """Approve a row with a value, or reject it; as a page does that has just read the row."""
        row = self.get("row", place=place, table=table)
        decision = (
            {"decision": "rejected"} if value is None else {"decision": "approved", "value": value, "changes": []}
        )
        entry = {"key": row["key"], "row": row["row"], **decision, "by": "ann", "row_digest": row["digest"], **fields}
        body = {"table": table, "place": place, "seen": row["seen"] if line is None else line, "entry": entry}
        return self.send("POST", "/api/decide", json.dumps(body).encode())


def write_table(folder: Path, rows: int) -> None:
    """Write a table, and its type."""
    lines = [f"{number},text {number} in Kiel,good,Kiel" for number in range(1, rows + 1)]
    (folder / "labels.csv").write_text("\n".join(["id,body,mood,city", *lines, ""]), encoding="utf-8")
    (folder / "mood.json").write_text(json.dumps(TYPE), encoding="utf-8")


@contextmanager
def serve(folder: Path, *options: str) -> Iterator[Review]:
    """Run the command in a folder with a table, until the block ends."""
    command = [sys.executable, "-m", "structkit", "review", "labels.csv", "--type", "mood.json", "--key", "id"]
    process = subprocess.Popen(
        [*command, "--text", "body", "--serve", "--no-open", *options], cwd=folder, stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    assert process.stderr is not None
    try:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "?token=" in line:
                yield Review(line.split(" at ")[1].split(" (")[0], process)
                return
        raise AssertionError(f"exit code {process.wait()}: {''.join(lines)}")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def gold_lines(folder: Path, name: str = "labels.gold.jsonl") -> list[Any]:
    """The lines of a gold file, each of which must be complete."""
    text = (folder / name).read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]

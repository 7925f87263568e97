"""Tables in object stores: `memory://` in this process, and `s3://` over the loopback interface."""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stores import Store

from structkit.batch.job import Job
from structkit.errors import ConfigError, JobError
from structkit.tables.source import Source
from structkit.tables.sources import open_source
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

pytest.importorskip("fsspec")

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


def values(source: Source) -> list[dict[str, Any]]:
    return [dict(record.values) for record in source]


def parquet_bytes(tmp_path: Path, rows: list[dict[str, Any]]) -> bytes:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "t.parquet", row_group_size=2)
    return (tmp_path / "t.parquet").read_bytes()


def test_tables_in_a_store_are_read_like_files(store: Store, tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": f"{number}-é"} for number in range(5)]
    csv = "id,text\n" + "".join(f"{row['id']},{row['text']}\n" for row in rows)
    jsonl = "".join(json.dumps(row) + "\n" for row in rows)
    files = {"a.csv": csv.encode(), "a.csv.gz": gzip.compress(csv.encode()), "a.jsonl": jsonl.encode()}
    files["a.parquet"] = parquet_bytes(tmp_path, rows)
    for name, data in files.items():
        source = open_source(store.write(name, data), key="id")
        assert values(source) == values(source) == rows, name
        assert source.content_hash() == open_source(f"{store.url}/{name}").content_hash()
    assert open_source(f"{store.url}/a.parquet").count() == 5


def test_a_folder_of_a_store_is_one_table(store: Store) -> None:
    store.write("in/b.csv", b"id\n3\n")
    store.write("in/a.csv", b"id\n1\n2\n")
    store.write("in/_SUCCESS", b"")
    for url in (f"{store.url}/in", f"{store.url}/in/", f"{store.url}/in/*.csv", f"{store.url}/**/*.csv"):
        source = open_source(url, key="id")
        assert [record.key for record in source] == ["1", "2", "3"], url
    store.write("in/c.csv", b"body\n1\n")
    with pytest.raises(JobError, match=r"://.*/in/c\.csv: its columns are not those of .*://.*/in/a\.csv"):
        open_source(f"{store.url}/in")


def test_a_row_that_cannot_be_read_is_named_by_its_address(store: Store) -> None:
    url = store.write("a.jsonl", b"{}\n[]\n")
    with pytest.raises(JobError, match=r"://.*/a\.jsonl, line 2: a row must be an object"):
        values(open_source(url))
    with pytest.raises(JobError, match=r"there is no file .*://.*/missing\.csv"):
        open_source(f"{store.url}/missing.csv")
    with pytest.raises(JobError, match="no file matches"):
        open_source(f"{store.url}/*.parquet")


def test_a_file_of_a_store_that_changes_while_it_is_read_is_an_error(store: Store) -> None:
    source = open_source(store.write("in/a.csv", b"id\n1\n"))
    folder = open_source(f"{store.url}/in")
    store.write("in/b.csv", b"id\n2\n")
    assert len(values(folder)) == 1  # a file that arrives during a run is part of the next one
    store.write("in/a.csv", b"id\n7\n")
    for each in (source, folder):
        with pytest.raises(JobError, match=r"a\.csv: the file has changed while it was being read"):
            values(each)
    store.files.rm(f"{store.path}/in/a.csv")
    with pytest.raises(JobError, match=r"a\.csv: the file has changed while it was being read"):
        values(source)


def test_formats_that_need_a_local_file_say_so(store: Store) -> None:
    with pytest.raises(JobError, match=r"sqlite cannot be read from a store: download .*a\.sqlite"):
        open_source(store.write("a.sqlite", b"x"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://key:hunter2@bucket/a.csv", "the s3:// address has a password"),
        ("memory://x::memory://a.csv", "is a chain of addresses"),
        ("nosuch://a.csv", "Protocol not known: nosuch"),
    ],
)
def test_an_address_that_cannot_be_read_is_rejected_without_its_password(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        open_source(url)
    assert "hunter2" not in str(error.value)


def test_an_address_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ConfigError, match=r"fsspec is not installed: .*objects"):
        open_source("s3://bucket/a.csv")


def settings_of(tmp_path: Path, endpoint: Endpoint, **more: Any) -> dict[str, Any]:
    base = {"output": str(tmp_path / "out.jsonl"), "output_type": SCHEMA, "model": "fake", "prompt": "Label: {text}"}
    return {**base, "base_url": endpoint.base_url, "api_key": "sk-test", "progress": False, **more}


def request_counts(endpoint: Endpoint) -> Counter[str]:
    return Counter(request["messages"][-1]["content"].partition("Label: ")[2] for request in endpoint.requests)


def test_a_job_over_a_folder_of_a_store_pays_for_each_row_once(store: Store, tmp_path: Path) -> None:
    store.write("in/a.jsonl", b'{"text": "a"}\n{"text": "b"}\n')
    with Endpoint(conforming_reply) as endpoint:
        job = Job(**settings_of(tmp_path, endpoint, source=f"{store.url}/in"))
        assert job.run().counts == {"done": 2}
        store.write("in/b.jsonl", b'{"text": "c"}\n')
        assert job.run().counts == {"done": 3}
        assert request_counts(endpoint) == Counter("abc")
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text(encoding="utf-8"))
    assert manifest["source"] == f"{store.url}/in"
    assert manifest["source_sha256"]


def test_a_signed_address_is_read_and_its_signature_is_stored_nowhere(tmp_path: Path) -> None:
    def serve(request: JSON) -> Reply:
        return conforming_reply(request)

    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "a.csv").write_text("text\nx\ny\n", encoding="utf-8")
    with Endpoint(serve) as endpoint, serve_folder(tmp_path / "www") as address:
        url = f"{address}/a.csv?X-Signature=hunter2"
        report = Job(**settings_of(tmp_path, endpoint, source=url)).run()
        assert report.counts == {"done": 2}
        with pytest.raises(JobError, match=r"there is no file .*/b\.csv") as error:
            open_source(f"{address}/b.csv?X-Signature=hunter2")
    assert "hunter2" not in str(error.value)
    for path in [*tmp_path.glob("out*"), *tmp_path.glob("out*/*")]:
        assert path.is_dir() or b"hunter2" not in path.read_bytes(), path


def serve_folder(folder: Path) -> Any:
    """Serve the files of a folder over HTTP."""
    import contextlib
    import functools
    import http.server
    import threading

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    @contextlib.contextmanager
    def serve() -> Iterator[str]:
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder)) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()

    return serve()

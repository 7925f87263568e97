"""Jobs whose output is in an object store: uploaded whole, resumed here, and never paid for again without a word."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stores import Store
from typer.testing import CliRunner, Result

from structkit import Price
from structkit.batch import stored_output
from structkit.batch.job import Job
from structkit.batch.stored_join import join_stored_parts
from structkit.errors import ConfigError, JobError
from structkit.tables.files import hash_file
from structkit.tables.sources import open_source
from structkit.tables.store_address import StoreAddress
from structkit.testing import Endpoint
from structkit.testing.scripted_reply import conforming_reply
from structkit.values import JSON

pytest.importorskip("fsspec")

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
ROWS = [{"id": str(number), "text": f"row {number}"} for number in range(8)]
CHILD = "import json, sys; from structkit.batch.job import Job; Job(**json.loads(sys.argv[1])).run()"
PATIENCE_S = 60
PRICE = Price(1, 1)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(conforming_reply) as server:
        yield server


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def job_of(endpoint: Endpoint, output: str | Path, **more: Any) -> Job:
    base: dict[str, Any] = {"output_type": SCHEMA, "model": "fake", "prompt": "Label: {text}", "key": "id"}
    base |= {"base_url": endpoint.base_url, "api_key": "sk-test", "progress": False}
    return Job(**{**base, "source": ROWS, "output": output, **more})


def sent(endpoint: Endpoint) -> int:
    return len(endpoint.requests)


def table(store: Store, name: str) -> list[Any]:
    return [record.values["id"] for record in open_source(f"{store.url}/{name}")]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv.gz", "a b/out.parquet"])
def test_the_output_of_a_job_is_uploaded_with_its_manifest(
    store: Store, endpoint: Endpoint, working_folder: Path, name: str
) -> None:
    pytest.importorskip("pyarrow")
    url, last = f"{store.url}/{name}", name.rpartition("/")[2]
    report = job_of(endpoint, url).run()
    assert (report.counts, report.output) == ({"done": 8}, url)
    assert table(store, name) == [row["id"] for row in report.to_dicts()] == [row["id"] for row in ROWS]
    manifest = json.loads(store.read(f"{name}.manifest.json"))
    [folder] = working_folder.iterdir()
    assert folder.name.startswith(f"{last}.")
    assert manifest["output"] == url
    assert manifest["output_sha256"] == hash_file(folder / last)
    assert job_of(endpoint, url).run().is_complete
    assert sent(endpoint) == 8
    assert store.names() == sorted([name, f"{name}.job.json", f"{name}.manifest.json"])


def test_an_awaited_job_uploads_its_output(store: Store, endpoint: Endpoint) -> None:
    report = asyncio.run(job_of(endpoint, f"{store.url}/out.csv").run_async())
    assert report.output == f"{store.url}/out.csv"
    assert table(store, "out.csv") == [row["id"] for row in ROWS]


def test_another_machine_without_the_journal_pays_for_nothing(
    store: Store, endpoint: Endpoint, tmp_path: Path, working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{store.url}/out.csv"
    assert not job_of(endpoint, url, budget="0", price=PRICE).run().is_complete, "an unfinished job, too"
    monkeypatch.chdir(tmp_path)
    [folder] = working_folder.iterdir()
    with pytest.raises(JobError, match=rf"out\.csv is the output of a job whose journal is not here, .*{folder.name}"):
        job_of(endpoint, url).run()
    assert sent(endpoint) == 0
    shutil.copytree(folder, tmp_path / folder.name)
    assert job_of(endpoint, url).run().is_complete
    assert sent(endpoint) == 8
    shutil.rmtree(tmp_path / folder.name)
    assert job_of(endpoint, url, overwrite=True).run().is_complete
    assert sent(endpoint) == 16


def test_of_two_machines_that_start_at_once_one_pays(
    store: Store, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, create = f"{store.url}/out.csv", stored_output.create_object

    def create_after_the_other(*arguments: Any) -> bytes:
        monkeypatch.setattr(stored_output, "create_object", create)
        assert job_of(endpoint, url, journal=tmp_path / "other").run().is_complete
        return create(*arguments)

    monkeypatch.setattr(stored_output, "create_object", create_after_the_other)
    for _ in range(2):
        with pytest.raises(JobError, match=r"out\.csv is the output of a job whose journal is not here, .*other"):
            job_of(endpoint, url, journal=tmp_path / "own").run()
    assert job_of(endpoint, url, journal=tmp_path / "other").run().is_complete
    assert sent(endpoint) == 8


def test_a_store_without_conditional_writes_is_written_without(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    write = MemoryFileSystem.pipe_file

    def reject_condition(self: Any, path: str, data: bytes, mode: str = "overwrite") -> None:
        if mode == "create":
            raise OSError("A header you provided implies functionality that is not implemented")
        write(self, path, data)

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", reject_condition)
    assert job_of(endpoint, "memory://plain-store/out.csv").run().is_complete
    assert sent(endpoint) == 8


def test_the_machines_of_a_shared_journal_folder_continue_each_others_job(
    store: Store, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert job_of(endpoint, f"{store.url}/out.csv", journal=tmp_path / "shared").run().is_complete
    assert sent(endpoint) == 8


def test_a_file_of_somebody_else_is_replaced_only_if_the_job_says_so(store: Store, endpoint: Endpoint) -> None:
    url = store.write("out.csv", b"id\nprecious\n")
    with pytest.raises(JobError, match=r"out\.csv exists and is not this job's output"):
        job_of(endpoint, url).run()
    assert (sent(endpoint), store.names()) == (0, ["out.csv"])
    job_of(endpoint, url, overwrite=True).run()
    assert table(store, "out.csv") == [row["id"] for row in ROWS]


def test_nothing_is_sent_if_the_store_cannot_be_written(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    def reject_write(*_: Any, **__: Any) -> None:
        raise PermissionError("Access Denied")

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", reject_write)
    with pytest.raises(JobError, match=r"cannot write memory://closed-store/out\.csv\.job\.json: .*Access Denied"):
        job_of(endpoint, "memory://closed-store/out.csv").run()
    assert sent(endpoint) == 0


@pytest.mark.slow
def test_nothing_is_sent_if_there_is_no_such_bucket(
    request: pytest.FixtureRequest, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_s3(monkeypatch, request.getfixturevalue("s3_server"))
    with pytest.raises(JobError, match=r"s3://no-such-bucket/out\.csv\.job\.json: .*bucket does not exist"):
        job_of(endpoint, "s3://no-such-bucket/out.csv").run()
    assert sent(endpoint) == 0


def test_after_an_upload_that_failed_the_same_job_uploads_and_sends_nothing(
    endpoint: Endpoint, working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.memory import MemoryFileSystem

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("connection lost")

    store = Store("memory://upload-that-failed")
    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "put_file", fail)
        with pytest.raises(JobError, match=r"the table is in .*out\.csv, but could not be uploaded: .*connection lost"):
            job_of(endpoint, f"{store.url}/out.csv").run()
    assert store.names() == ["out.csv.job.json"]
    assert len([*working_folder.glob("*/out.csv")]) == 1
    assert job_of(endpoint, f"{store.url}/out.csv").run().is_complete
    assert table(store, "out.csv") == [row["id"] for row in ROWS]
    assert sent(endpoint) == 8


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_job_that_is_killed_leaves_no_table_and_resumes_from_the_local_journal(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = threading.Event()

    def answer(body: JSON) -> Any:
        if len(server.requests) >= 4:
            reached.set()
            threading.Event().wait(0.3)
        return conforming_reply(body)

    set_s3(monkeypatch, request.getfixturevalue("s3_server"))
    store = new_bucket("killed-job")
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    settings: dict[str, Any] = {"source": str(source), "output": f"{store.url}/out.csv", "output_type": SCHEMA}
    settings |= {"model": "fake", "prompt": "Label: {text}", "key": "id", "api_key": "sk-test", "concurrency": 2}
    with Endpoint(answer) as server:
        settings["base_url"] = server.base_url
        child = subprocess.Popen([sys.executable, "-c", CHILD, json.dumps(settings)], env={**os.environ})
        assert reached.wait(PATIENCE_S)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert store.names() == ["out.csv.job.json"]
        assert Job(**settings).run().counts == {"done": 8}
        counts = Counter(str(body["messages"][-1]["content"]) for body in server.requests)
    assert len(counts) == 8
    assert sum(counts.values()) <= 8 + 2, "only what was in flight is sent again"
    assert table(store, "out.csv") == [row["id"] for row in ROWS]


def test_parts_are_joined_in_the_store(store: Store, endpoint: Endpoint, working_folder: Path) -> None:
    (working_folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    for number in (1, 2):
        report = job_of(endpoint, f"{store.url}/out.csv", source="in.jsonl", part=(number, 2)).run()
        assert report.output == f"{store.url}/out.csv.part-{number}-of-2"
    address = StoreAddress(f"{store.url}/out.csv")
    assert join_stored_parts([f"{store.url}/out.csv.part-*"], address).rows == 8
    assert table(store, "out.csv") == [row["id"] for row in ROWS]
    assert json.loads(store.read("out.csv.manifest.json"))["output"] == address.url
    with pytest.raises(JobError, match=r"out\.csv exists"):
        join_stored_parts([f"{store.url}/out.csv.part-*"], address)
    assert join_stored_parts([f"{store.url}/out.csv.part-*"], Path("local.csv")).rows == 8


@pytest.mark.slow
def test_several_processes_upload_one_table(
    request: pytest.FixtureRequest, endpoint: Endpoint, working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_s3(monkeypatch, request.getfixturevalue("s3_server"))
    store = new_bucket("several-processes")
    (working_folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    for _ in range(2):
        report = job_of(endpoint, f"{store.url}/out.csv", source="in.jsonl").run(processes=2)
        assert (report.counts, report.output) == ({"done": 8}, f"{store.url}/out.csv")
    assert sent(endpoint) == 8
    assert store.names() == ["out.csv", "out.csv.job.json", "out.csv.manifest.json"]


def test_a_journal_folder_keeps_apart_outputs_of_one_name(endpoint: Endpoint, working_folder: Path) -> None:
    for name in ("a", "b"):
        (working_folder / name).mkdir()
        assert job_of(endpoint, f"{name}/out.csv", journal="journals").run().is_complete
        assert [each.name for each in (working_folder / name).iterdir() if each.name.endswith(".job")] == []
    assert sent(endpoint) == 16
    assert job_of(endpoint, "a/out.csv", journal="journals").run().is_complete
    assert sent(endpoint) == 16
    assert len([*(working_folder / "journals").glob("out.csv.*/out.csv.job")]) == 2


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("https://files.example/out.csv", "cannot be the address of an output"),
        ("s3://bucket/out", "must be one file in a bucket"),
        ("s3://out.csv", "must be one file in a bucket"),
        ("s3://bucket/out.csv/", "must be one file in a bucket"),
        ("s3://bucket/*.csv", "has a character of a pattern"),
        ("s3://key:hunter2@bucket/out.csv", "has a password"),
    ],
)
def test_an_address_at_which_no_table_can_be_written_is_rejected(endpoint: Endpoint, output: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        job_of(endpoint, output)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("source", ["memory://x/in", "memory://x/in/", "memory://x/in/out.csv", "memory://x/in/*.csv"])
def test_an_output_that_would_be_a_file_of_the_input_is_rejected(endpoint: Endpoint, source: str) -> None:
    with pytest.raises(ConfigError, match="would replace the input or be a file of it"):
        job_of(endpoint, "memory://x/in/out.csv", source=source).run()


def test_a_journal_folder_without_an_output_is_rejected() -> None:
    with pytest.raises(ConfigError, match="needs an output"):
        Job(ROWS, None, output_type=int, prompt="{text}", journal="journals")


def test_the_commands_take_addresses(
    store: Store, endpoint: Endpoint, working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (working_folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    (working_folder / "type.json").write_text(json.dumps(SCHEMA))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    url, options = f"{store.url}/out.csv", ["--base-url", endpoint.base_url, "--model", "fake", "--type", "type.json"]
    label = ["label", "in.jsonl", "-o", url, "--journal", "journals"]
    done = run(*label, *options, "--prompt", "Label: {text}", "--key", "id")
    assert (done.exit_code, f"written to {url}" in done.stderr) == (0, True)
    assert "8 done" in run("label", "-o", url, "--journal", "journals", "--status").stdout
    assert run("review", url, "--type", "type.json", "--key", "id", "-o", "page.html").exit_code == 0
    gold = "".join(json.dumps({"id": row["id"], "n": 0}) + "\n" for row in ROWS)
    (working_folder / "gold.jsonl").write_text(gold)
    assert run("evaluate", url, "--gold", "gold.jsonl", "--type", "type.json", "--key", "id").exit_code == 0
    assert run("extract", "in.jsonl", *options, "-o", f"{store.url}/files.csv").exit_code == 0
    lines = run("extract", "in.jsonl", *options, "-o", f"{store.url}/files.jsonl")
    assert isinstance(lines.exception, ConfigError)
    served = run("review", url, "--type", "type.json", "--key", "id", "--serve")
    assert isinstance(served.exception, ConfigError)
    assert "name the file of the decisions" in str(served.exception)


def run(*arguments: str) -> Result:
    from structkit.cli.app import app

    return CliRunner().invoke(app, arguments)


def set_s3(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    """Let this process and its children use a server of S3."""
    for name, value in (("ENDPOINT_URL", server), ("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "hunter2")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def new_bucket(name: str) -> Store:
    import fsspec

    fsspec.get_filesystem_class("s3").clear_instance_cache()
    fsspec.url_to_fs("s3://")[0].mkdir(name)
    return Store(f"s3://{name}")

"""A job on a Ray cluster: the table of one process, no secret in Ray's files, nothing lost by Ctrl-C."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from structkit import ConfigError, Job, JobError
from structkit.batch.engines.limiter import Limiter
from structkit.batch.limits.limit_shares import Limits
from structkit.batch.ray_engine.hub import Hub
from structkit.batch.ray_engine.shared_folder import FolderProbe, probe_folder
from structkit.disk import try_lock
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON

ROOT = Path(__file__).parents[2]
KEY = "sk-do-not-log-this-key"
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is too large for the extra dev: pip install ray")


def answer(body: JSON) -> Reply:
    return replace(text_reply(body, '{"value": 1}'), delay=0.02)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(answer) as server:
        yield server


def job(folder: Path, endpoint: Endpoint, rows: int = 40, **settings: Any) -> Job:
    with (folder / "in.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "text"], *([f"k{number}", f"row {number}"] for number in range(rows))])
    base: dict[str, Any] = {"output": folder / "out.csv", "output_type": int, "prompt": "{text}", "key": "id"}
    base |= {"model": "fake", "base_url": endpoint.base_url, "api_key": KEY, "progress": False}
    return Job(folder / "in.csv", **{**base, **settings})


# Without a cluster


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"engine": "spark", "processes": 2}, "engine .* must be local or ray, not 'spark'"),
        ({"engine": "ray"}, "needs processes .*2 or more"),
        ({"address": "10.0.0.5:6379", "processes": 2}, "needs engine='ray'"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(
    tmp_path: Path, endpoint: Endpoint, options: Any, error: str
) -> None:
    with pytest.raises(ConfigError, match=error):
        job(tmp_path, endpoint).run(**options)
    assert not endpoint.requests


def test_without_ray_the_error_names_the_extra(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"ray is not installed: pip install 'structkit-llm\[ray\]'"):
        job(tmp_path, endpoint).run(engine="ray", processes=2)


def test_a_machine_that_does_not_share_the_folder_of_the_output_says_so(tmp_path: Path) -> None:
    with probe_folder(tmp_path / "out.csv") as probe:
        elsewhere = FolderProbe(tmp_path / "missing" / probe.path.name, probe.working_folder)
        with pytest.raises(JobError, match=r"is not the folder of this run: .* at the same path"):
            elsewhere.validate()
        with pytest.raises(JobError, match=r"has no folder .*gone, in which the run was started"):
            FolderProbe(probe.path, tmp_path / "gone").validate()
        probe.validate()
    assert [*tmp_path.iterdir()] == []


def test_a_folder_whose_locks_do_not_reach_a_machine_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ".out.csv.0.probe"
    path.touch()  # as a machine finds it that does not see the lock of the driver
    with pytest.raises(JobError, match=r"the locks of .* do not hold between machines"):
        FolderProbe(path, tmp_path).validate()


def test_the_probe_of_a_driver_that_was_killed_is_removed_and_that_of_a_live_one_is_not(tmp_path: Path) -> None:
    (tmp_path / ".out.csv.0.probe").touch()
    live = tmp_path / ".out.csv.1.probe"
    with live.open("wb") as file:
        assert try_lock(file.fileno())
        with probe_folder(tmp_path / "out.csv"):
            assert not (tmp_path / ".out.csv.0.probe").exists()
        assert [*tmp_path.iterdir()] == [live]


def test_a_hub_that_was_restarted_leases_money_once_every_part_is_there_or_has_ended() -> None:
    hub = Hub(Limits(Decimal(10), parts=2), Limiter(8))
    hello = {"job": "j", "part": "1/2", "budget": "10", "spent": "3"}
    status, reply = hub.answer("/register", hello)
    assert (status, reply["has_budget"]) == (200, True)
    message = {"number": 1, "started": [], "finished": [], "part": "1/2", "session": reply["session"]}
    message |= {"spent": "3", "limit": "3", "needed": "9", "next": "4", "estimate": "1"}
    assert hub.answer("/exchange", message)[1]["money"] == "3", "the other part may have spent the rest"
    assert hub.exchange(["stop"], {"2/2": Decimal(5)}) == {}
    assert hub.answer("/exchange", {**message, "number": 2})[1]["money"] == "5"
    assert hub.report(1, None) == ["stop"]
    assert hub.answer("/exchange", {**message, "session": "another"})[0] == 410


# With a cluster: that of RAY_ADDRESS, or a new one, which takes a minute on a busy machine


def run_python(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": KEY}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


class Command:
    """`structkit label --engine ray` in a process."""

    def __init__(self, folder: Path, endpoint: Endpoint, *options: str) -> None:
        (folder / "type.json").write_text('{"type": "integer"}')
        command = [sys.executable, "-m", "structkit", "label", "in.csv", "-o", "out.csv", "--type", "type.json"]
        command += ["--prompt", "{text}", "--key", "id", "--base-url", endpoint.base_url, "--model", "fake"]
        command += ["--engine", "ray", "--processes", "2", "--concurrency", "4", *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": KEY}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)

    def finish(self) -> tuple[int, str]:
        _, notices = self.process.communicate(timeout=600)
        skip_without_cluster(notices)
        return self.process.returncode, notices


def skip_without_cluster(notices: str) -> None:
    if "(address=, --address) cannot be used" in notices:
        pytest.skip(f"Ray does not start here: {notices[-200:]}")


RAY_FILES = """
import ray
ray.init(log_to_driver=False)
print(ray._private.worker._global_node.get_session_dir_path())
"""


@pytest.mark.slow
@needs_ray
def test_a_job_on_ray_writes_the_table_of_one_process_and_ctrl_c_loses_nothing(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    one = job(tmp_path, endpoint, rows=400, output=tmp_path / "one.csv", concurrency=32).run()
    assert one.counts == {"done": 400}
    endpoint.requests.clear()
    command = Command(tmp_path, endpoint, "--header", f"X-Tenant: {KEY}")
    deadline = time.monotonic() + 600
    while len(endpoint.requests) < 40 and command.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    command.process.send_signal(signal.SIGINT)
    code, notices = command.finish()
    assert (code, notices.count("Traceback")) == (130, 0), notices
    assert "resume with: " in notices
    code, notices = Command(tmp_path, endpoint, "--header", f"X-Tenant: {KEY}").finish()
    assert (code, "complete: 400 rows, 400 done" in notices) == (0, True), notices
    assert len(endpoint.requests) == 400, "each row is paid for once"
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "one.csv").read_bytes()
    assert KEY not in notices
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".probe")]
    assert not [path for path in ray_files(tmp_path) if KEY.encode() in path.read_bytes()]


def ray_files(folder: Path) -> list[Path]:
    """The logs and other files that Ray has written for the sessions of this test, or for the cluster."""
    done = run_python(folder, RAY_FILES)
    session = Path(done.stdout.strip().splitlines()[-1])
    return [path for path in session.parent.glob("session_2*/**/*") if path.is_file() and not path.is_symlink()]


@pytest.mark.slow
@needs_ray
def test_an_error_of_every_worker_is_raised_once_and_names_what_is_wrong(tmp_path: Path, endpoint: Endpoint) -> None:
    job(tmp_path, endpoint)
    code, notices = Command(tmp_path, endpoint, "--header", "Bad header: x").finish()
    assert (code, notices.count("Traceback"), len(endpoint.requests)) == (2, 0, 0), notices

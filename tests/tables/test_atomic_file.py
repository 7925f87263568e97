"""Files that get their name when they are complete."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from structkit import Job, JobError
from structkit.tables.atomic_file import AtomicFile, write_atomically
from structkit.testing import Endpoint


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
@pytest.mark.parametrize("name", ["pipe.csv", "link.csv"])
def test_a_pipe_or_a_device_is_never_replaced_by_a_file(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link.csv").symlink_to("pipe.csv")
    with pytest.raises(JobError, match="a device or a pipe"):
        AtomicFile(tmp_path / name, overwrite=True)
    with Endpoint() as endpoint:
        settings = {"output_type": int, "prompt": "{text}", "model": "fake", "base_url": endpoint.base_url}
        with pytest.raises(JobError, match="a device or a pipe"):
            Job(["one"], tmp_path / name, **settings, overwrite=True).run()
    assert not endpoint.requests
    assert stat.S_ISFIFO((tmp_path / name).stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows needs a privilege for links")
def test_a_link_without_a_target_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("nowhere.csv")
    write_atomically(tmp_path / "link.csv", [b"a\n"])
    assert (tmp_path / "link.csv").read_bytes() == b"a\n"

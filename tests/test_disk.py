"""The file system calls that differ between systems."""

from __future__ import annotations

from pathlib import Path

from structkit.disk import sync_folder, try_lock


def test_a_file_is_locked_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as first, path.open("rb+") as second:
        assert try_lock(first.fileno())
        assert not try_lock(second.fileno())
        first.close()
        assert try_lock(second.fileno())


def test_a_folder_that_cannot_be_synced_does_no_harm(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    sync_folder(tmp_path / "missing")

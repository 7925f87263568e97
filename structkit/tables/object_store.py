"""Files in object stores and on web servers, by address (`s3://`, `gs://`, `https://`), through fsspec."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from structkit.errors import ConfigError, JobError
from structkit.optional import import_extra

EXTRA = "objects"

URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
PASSWORD = re.compile(r"://[^/@]*:[^/@]*@")
"""A name and a password before the host of an address."""

WEB = frozenset({"http", "https"})
"""The schemes whose addresses may have a query, which may be a signature, and are no patterns."""

BLOCK_BYTES, MAX_BLOCKS = 2 * 1024 * 1024, 16
"""What is fetched at a time, and how many of these are in memory; a Parquet file is read at several places in turn."""

VERSION_FIELDS = ("ETag", "etag", "md5Hash", "generation", "content_md5", "Content-MD5")
TIME_FIELDS = ("LastModified", "last_modified", "mtime", "updated", "created")
"""What listings of stores say about the state of a file; the times, if there is no version."""


def is_url(name: str) -> bool:
    """Return whether a name is the address of a file elsewhere.

    >>> is_url("s3://bucket/rows.csv"), is_url("C:/rows.csv"), is_url("rows.csv")
    (True, False, False)
    """
    return URL.match(name) is not None


def public_url(url: str) -> str:
    """Return an address as it may be shown: without the query of a web server, which may be a signature.

    >>> public_url("https://files.example/a.csv?sig=hunter2"), public_url("s3://bucket/a?.csv")
    ('https://files.example/a.csv', 's3://bucket/a?.csv')
    """
    return re.split(r"[?#]", url, maxsplit=1)[0] if _scheme(url) in WEB else url


def validate_url(url: str) -> None:
    """Validate that an address may be stored.

    Raises:
        ConfigError: It has a password, or it is a chain of addresses.
    """
    if PASSWORD.search(url):
        raise ConfigError(
            f"the {_scheme(url)}:// address has a password, which would be stored and shown: leave it out, and "
            "configure it where the store's own tools find it, such as in the environment"
        )
    if "::" in url:
        raise ConfigError(f"{public_url(url)!r} is a chain of addresses, which is not supported: name one file")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a store.

    Args:
        url: Its address.
        version: What distinguishes one state of it from another.
    """

    url: str
    version: str

    def open(self) -> BinaryIO:
        """Open it; it is fetched in blocks.

        Raises:
            JobError: It cannot be read.
        """
        store, path = _open_store(self.url)
        with _translate_errors(self.url):
            options = {"cache_type": "blockcache", "cache_options": {"maxblocks": MAX_BLOCKS}}
            file = store.open(path, "rb", block_size=BLOCK_BYTES, **options)
            return cast("BinaryIO", io.BufferedReader(_StoredFileReader(file), BLOCK_BYTES))


def find_stored_files(url: str) -> list[StoredFile]:
    """Return the file at an address, or those of a folder or a pattern, by name, without hidden ones and subfolders.

    Raises:
        JobError: There are none, or the store cannot be read.
        ConfigError: The address has a password, or its scheme needs a package that is not installed.
    """
    store, path = _open_store(url)
    with _translate_errors(url):
        store.invalidate_cache()
        if _is_pattern(url):
            entries = [*store.glob(path, detail=True).values()]
        elif (entry := store.info(path))["type"] == "file":
            return [StoredFile(url, _version(entry))]
        else:
            entries = [each for each in store.ls(path, detail=True) if each["name"] != path]
    files = [entry for entry in entries if entry["type"] == "file" and not _is_hidden(entry["name"])]
    if not files:
        what = "no file matches" if _is_pattern(url) else "there are no files in"
        raise JobError(f"{what} {public_url(url)!r}", file=public_url(url))
    files.sort(key=lambda entry: str(entry["name"]))
    return [StoredFile(str(store.unstrip_protocol(entry["name"])), _version(entry)) for entry in files]


def is_stored_set(url: str, files: list[StoredFile]) -> bool:
    """Return whether files are those of a folder or a pattern, and not the one of the address."""
    return [file.url for file in files] != [url]


def read_object(url: str) -> bytes | None:
    """Return the content of a file, for small ones; None if there is none.

    Raises:
        JobError: The store cannot be read.
        ConfigError: As `find_stored_files`.
    """
    store, path = _open_store(url)
    with _translate_errors(url):
        try:
            return bytes(store.cat_file(path))
        except FileNotFoundError:
            return None


def has_object(url: str) -> bool:
    """Return whether there is a file; raises as `read_object` does."""
    store, path = _open_store(url)
    with _translate_errors(url):
        store.invalidate_cache()
        return bool(store.isfile(path))


def write_object(url: str, data: bytes) -> None:
    """Write a small file, or replace it.

    Raises:
        JobError: It cannot be written.
        ConfigError: As `find_stored_files`.
    """
    with _writing(url) as (store, path):
        store.pipe_file(path, data)


def create_object(url: str, data: bytes) -> bytes:
    """Write a small file unless there is one, and return what the file then contains.

    S3, Google Cloud Storage and Azure do it in one step, so that one of several machines succeeds. A store that rejects
    the condition is written without it.

    Raises:
        JobError: It cannot be written or read.
        ConfigError: As `find_stored_files`.
    """
    store, path = _open_store(url)
    try:
        store.pipe_file(path, data, mode="create")
    except Exception:  # noqa: BLE001 (each store has its own for "there is one" and for "no such condition")
        if read_object(url) is None:
            write_object(url, data)
    return read_object(url) or b""


def upload_file(file: Path, url: str) -> None:
    """Upload a file of any size, which replaces the one at the address once all of it is there.

    Raises:
        JobError: It cannot be written.
        ConfigError: As `find_stored_files`.
    """
    with _writing(url) as (store, path):
        store.put_file(str(file), path)


def download_file(url: str, file: Path) -> None:
    """Download a file.

    Raises:
        JobError: It cannot be read.
        ConfigError: As `find_stored_files`.
    """
    store, path = _open_store(url)
    with _translate_errors(url):
        store.get_file(path, str(file))


def _open_store(url: str) -> tuple[Any, str]:
    validate_url(url)
    core = import_extra("fsspec.core", EXTRA)
    try:
        with _translate_errors(url):
            store, path = core.url_to_fs(url)
            return store, str(path)
    except ImportError as error:
        raise ConfigError(f"{_scheme(url)}:// needs a package that is not installed: {error}") from None


class _StoredFileReader(io.RawIOBase):
    """A file of fsspec whose errors are those of files."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def readinto(self, buffer: Any) -> int:
        with _as_os_error():
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        with _as_os_error():
            return int(self._file.seek(offset, whence))

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 (each store has its own exceptions)
        raise OSError(_describe(error)) from None


@contextmanager
def _translate_errors(url: str) -> Iterator[None]:
    name = public_url(url)
    try:
        yield
    except (ConfigError, ImportError):
        raise
    except FileNotFoundError:
        raise JobError(f"there is no file {name!r}", file=name) from None
    except Exception as error:  # noqa: BLE001 (each store has its own exceptions)
        raise JobError(f"{name}: {_describe(error)}", file=name) from None


@contextmanager
def _writing(url: str) -> Iterator[tuple[Any, str]]:
    store, path = _open_store(url)
    try:
        yield store, path
    except Exception as error:  # noqa: BLE001 (each store has its own exceptions)
        raise JobError(f"cannot write {public_url(url)}: {_describe(error)}", file=public_url(url)) from None


def _describe(error: Exception) -> str:
    """Return what an exception of a store says, without the queries of addresses, which may be signatures."""
    text = re.sub(r"(https?://[^\s?'\"]*)\?[^\s'\"]*", r"\1", str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _version(entry: Mapping[str, Any]) -> str:
    fields = {name: str(entry[name]) for name in ("size", *VERSION_FIELDS) if entry.get(name) is not None}
    if fields.keys() <= {"size"}:
        fields |= {name: str(entry[name]) for name in TIME_FIELDS if entry.get(name) is not None}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _is_pattern(url: str) -> bool:
    return _scheme(url) not in WEB and any(char in url for char in "*?[")


def _is_hidden(path: str) -> bool:
    return PurePosixPath(path).name.startswith((".", "_"))


def _scheme(url: str) -> str:
    match = URL.match(url)
    return match[1].lower() if match else ""

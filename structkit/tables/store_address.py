"""The address of a table that is written to an object store: one file, which appears when it is complete."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

from structkit.errors import ConfigError
from structkit.tables.formats import is_folder_name
from structkit.tables.object_store import validate_url

WRITABLE = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory")
"""The schemes of stores in which a file that is being uploaded has no name until all of it is there."""

PATTERN_CHARS = frozenset("*?[]#")


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """The address of a file.

    Args:
        url: Such as `s3://bucket/labels.parquet`.

    Raises:
        ConfigError: No table can be written there.
    """

    url: str

    def __post_init__(self) -> None:
        """Validate."""
        validate_url(self.url)
        scheme, _, path = self.url.partition("://")
        if scheme.lower() not in WRITABLE:
            raise ConfigError(
                f"{scheme}:// cannot be the address of an output: use s3://, gs:// or az://, or a local file"
            )
        if PATTERN_CHARS & {*path}:
            raise ConfigError(f"the output {self.url!r} has a character of a pattern: use another name")
        if not self.name or "/" not in path or is_folder_name(self.name):
            raise ConfigError(
                f"the output {self.url!r} must be one file in a bucket, such as s3://bucket/labels.parquet: a folder "
                "of files would not appear there at once"
            )

    def __str__(self) -> str:
        """The address."""
        return self.url

    @property
    def name(self) -> str:
        """The name of the file.

        >>> StoreAddress("s3://bucket/out/labels.csv").name
        'labels.csv'
        """
        return PurePosixPath(self.url).name if not self.url.endswith("/") else ""

    def is_in(self, source: str) -> bool:
        """Return whether it is that file, is in that folder of a store, or matches that pattern.

        >>> [StoreAddress("s3://bucket/out/a.csv").is_in(f"s3://bucket/{each}") for each in ("out/", "out/*.csv", "in")]
        [True, True, False]
        """
        folder = self.url.removesuffix(f"/{self.name}")
        return source.rstrip("/") in {self.url, folder} or fnmatch(self.url, source)

    def sibling(self, name: str) -> StoreAddress:
        """Return the address of another file beside it.

        >>> StoreAddress("s3://bucket/out/labels.csv").sibling("labels.csv.part-1-of-2").url
        's3://bucket/out/labels.csv.part-1-of-2'
        """
        return StoreAddress(self.url.removesuffix(self.name) + name)

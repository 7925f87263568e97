"""Parts of a job in an object store as one table, and one table of parts as a file in a store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from structkit.batch.part_join import JoinReport, join_parts
from structkit.batch.stored_output import publish_table
from structkit.errors import JobError
from structkit.tables.formats import PART_SUFFIX
from structkit.tables.object_store import download_file, find_stored_files, has_object, is_url
from structkit.tables.output_reading import manifest_path
from structkit.tables.store_address import StoreAddress


def join_stored_parts(
    paths: Iterable[Path | str], output: Path | StoreAddress, source: Any = None, *, overwrite: bool = False
) -> JoinReport:
    """Make one table and one manifest of the outputs of all parts, some or all of which are in a store.

    The parts are downloaded into a temporary folder, and the table is made there if it goes to a store.

    Args:
        paths: Files, and addresses of files or of patterns, such as `s3://bucket/labels.csv.part-*`.
        output: The table to write.
        source: As that of `join_parts`.
        overwrite: Whether an existing output is replaced.

    Raises:
        JobError: As by `join_parts`; or a store cannot be read or written.
    """
    if isinstance(output, StoreAddress) and not overwrite and has_object(output.url):
        raise JobError(f"{output} exists; choose another name, or overwrite it", file=str(output))
    with TemporaryDirectory(prefix="structkit-") as folder:
        files = [file for path in paths for file in _local_files(path, Path(folder))]
        if isinstance(output, Path):
            return join_parts(files, output, source, overwrite=overwrite)
        table = Path(folder) / "joined" / output.name
        table.parent.mkdir()
        report = join_parts(files, table, source)
        publish_table(table, output)
        return replace(report, output=output)


def _local_files(path: Path | str, folder: Path) -> Iterable[Path]:
    """Yield a local file, or download the parts at an address with their manifests, and yield these.

    Raises:
        JobError: They cannot be read.
    """
    if not is_url(str(path)):
        yield Path(path)
        return
    for stored in find_stored_files(str(path)):
        address = StoreAddress(stored.url)
        if PART_SUFFIX.search(address.name):
            file = folder / address.name
            manifest = manifest_path(file)
            download_file(address.url, file)
            download_file(address.sibling(manifest.name).url, manifest)
            yield file

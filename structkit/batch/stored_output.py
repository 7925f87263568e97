"""A job whose output is in an object store: it runs on a local file, which is uploaded whole when the run has ended.

A small file beside the output, `OUTPUT.job.json`, says where the journal is. It is written before the first row is paid
for, which also shows that the store can be written; a run that finds the one of another journal sends nothing.
"""

from __future__ import annotations

import json
import platform
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from structkit.batch.output_table import OutputTable
from structkit.batch.report import Report
from structkit.batch.settings import JobSettings
from structkit.batch.settings_validation import validate_settings
from structkit.errors import JobError
from structkit.journal.database import create_folder
from structkit.tables.atomic_file import write_atomically
from structkit.tables.files import hash_file
from structkit.tables.object_store import create_object, has_object, read_object, upload_file, write_object
from structkit.tables.output_reading import manifest_path
from structkit.tables.store_address import StoreAddress
from structkit.values import JSON


@dataclass(frozen=True)
class StoredOutput:
    """The address of an output, and the local file that is uploaded to it.

    Args:
        address: In the store; of a part, that of the part.
        file: The local one.
        journal: The folder with the journals.
    """

    address: StoreAddress
    file: Path
    journal: Path

    @property
    def claim(self) -> StoreAddress:
        """The address of the file that says where the journal is."""
        return self.address.sibling(self.claim_name)

    @property
    def claim_name(self) -> str:
        """Its name, in the store and beside the local file."""
        return f"{self.address.name}.job.json"


def run_stored(settings: JobSettings, address: StoreAddress, run: Callable[[], Report]) -> Report:
    """Run a job, and upload its output; raises as `claim_output` and `upload_output` do."""
    output = claim_output(settings, address)
    return upload_output(output, run())


def claim_output(settings: JobSettings, address: StoreAddress) -> StoredOutput:
    """Write into the store which journal the output of a job is of, unless there is the output of another one.

    Args:
        settings: The job.
        address: Its output; of a part, that of the whole job.

    Raises:
        ConfigError: A setting is invalid.
        JobError: There is the output of another journal, or the store cannot be read or written.
    """
    validate_settings(settings)
    file = settings.output_path
    output = StoredOutput(address.sibling(file.name), file, settings.journal_folder.absolute())
    claim = {**_read_claim(output), "host": platform.node(), "folder": str(output.journal)}
    data = json.dumps(claim, indent=2).encode()
    stored = None if settings.overwrite else read_object(output.claim.url)
    is_new = not settings.overwrite and stored is None
    if is_new:
        _validate_absent(output.address)
    _validate_owner(output, stored, claim)
    create_folder(output.journal)
    write_atomically(output.journal / output.claim_name, [data])
    if is_new:
        _validate_owner(output, create_object(output.claim.url, data), claim)
    else:
        write_object(output.claim.url, data)
    return output


def _validate_owner(output: StoredOutput, stored: bytes | None, claim: JSON) -> None:
    """Validate that what the store says, if anything, is of the journal that is here.

    Raises:
        JobError: It is of another one.
    """
    other = _parse_claim(stored)
    if stored is not None and other.get("id") != claim["id"]:
        raise JobError(
            f"{output.address} is the output of a job whose journal is not here, but on {other.get('host')} in "
            f"{other.get('folder')}: run the job there, or copy that folder to {output.journal}; --overwrite "
            "(overwrite=True) pays for every row again",
            file=str(output.address),
        )


def _validate_absent(address: StoreAddress) -> None:
    """Validate that there is no output.

    Raises:
        JobError: There is one.
    """
    if has_object(address.url):
        raise JobError(
            f"{address} exists and is not this job's output; --overwrite (overwrite=True) replaces it",
            file=str(address),
        )


def _read_claim(output: StoredOutput) -> JSON:
    """Return what is written into the store about the journal that is here; a new one has an id of its own."""
    with suppress(OSError):
        claim = _parse_claim((output.journal / output.claim_name).read_bytes())
        if "id" in claim:
            return claim
    return {"id": secrets.token_hex(16)}


def _parse_claim(data: bytes | None) -> JSON:
    try:
        claim = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        return {}
    return claim if isinstance(claim, dict) else {}


def upload_output(output: StoredOutput, report: Report) -> Report:
    """Upload the table, and then its manifest; return the report with the address.

    Raises:
        JobError: They cannot be uploaded; the table is complete on this machine.
    """
    if report.output is None:
        return report
    try:
        publish_table(output.file, output.address)
    except JobError as error:
        raise JobError(
            f"the table is in {output.file}, but could not be uploaded: {error}; run the same job again, which sends "
            "nothing for the rows that are done",
            file=str(output.address),
        ) from None
    return replace(report, output=output.address.url, table=OutputTable(output.file))


def publish_table(file: Path, address: StoreAddress) -> None:
    """Upload a table, and then its manifest, which has the hash of the table.

    Raises:
        JobError: They cannot be uploaded.
    """
    manifest = json.loads(manifest_path(file).read_text(encoding="utf-8", errors="replace"))
    manifest |= {"output": address.url, "output_sha256": hash_file(file)}
    upload_file(file, address.url)
    write_object(address.sibling(manifest_path(file).name).url, f"{json.dumps(manifest, indent=2)}\n".encode())

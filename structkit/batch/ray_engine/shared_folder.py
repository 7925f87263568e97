"""Whether the machines of a cluster share the folder of an output, at one path and with locks that all of them see."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from structkit.disk import try_lock
from structkit.errors import JobError


@dataclass(frozen=True)
class FolderProbe:
    """A file that the driver has locked, for workers to look at.

    Args:
        path: Of the file, beside the output.
        working_folder: That of the driver.
    """

    path: Path
    working_folder: Path

    def validate(self) -> None:
        """Validate, on another machine perhaps, that the file is there, and locked.

        Raises:
            JobError: It is not.
        """
        folder, machine = self.path.parent, platform.node()
        try:
            with self.path.open("rb+") as file:
                is_locked = not try_lock(file.fileno())
        except FileNotFoundError:
            raise JobError(
                f"{folder} on {machine} is not the folder of this run: the output and its journals need a folder that "
                "all machines of the cluster share, at the same path"
            ) from None
        except OSError as error:
            raise JobError(f"{folder} on {machine} cannot be used: {error}", file=str(folder)) from None
        if not is_locked:
            raise JobError(
                f"the locks of {folder} do not hold between machines, as {machine} has found: two workers could pay "
                "for the same rows; use a file system with locks that are shared, or --processes on one machine"
            )
        if not self.working_folder.is_dir():
            raise JobError(f"{machine} has no folder {self.working_folder}, in which the run was started")


@contextmanager
def probe_folder(output: Path) -> Iterator[FolderProbe]:
    """Yield the probe of the folder of an output, which the driver keeps locked.

    Raises:
        JobError: The folder cannot be written, or has no locks.
    """
    folder = output.absolute().parent
    path = folder / f".{output.name}.{secrets.token_hex(8)}.probe"
    _remove_old(output)
    try:
        with path.open("xb") as file:
            try_lock(file.fileno())
            yield FolderProbe(path, Path.cwd())
    except OSError as error:
        raise JobError(f"{folder} cannot be written and locked: {error}", file=str(folder)) from error
    finally:
        path.unlink(missing_ok=True)


def _remove_old(output: Path) -> None:
    """Remove the probes of drivers that were killed."""
    with suppress(OSError):
        for path in output.absolute().parent.glob(f".{output.name}.*.probe"):
            with path.open("rb+") as file:
                if try_lock(file.fileno()):
                    path.unlink()

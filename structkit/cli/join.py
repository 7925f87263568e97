"""The command `join`: one table of the parts of a job."""

from __future__ import annotations

from glob import glob
from typing import Annotated

import typer

from structkit.cli.app import app
from structkit.cli.output_file import TableOutput, validate_output
from structkit.cli.terminal import notice


@app.command(epilog="Example: structkit join 'labels.csv.part-*' -o labels.csv")
def join(
    parts: Annotated[
        list[str], typer.Argument(metavar="PART...", help="The outputs of all parts, or a pattern in quotes.")
    ],
    output: TableOutput,
    source: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="FILE", help="The input of the job, if it is no longer where it was.", show_default=False
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")] = False,  # noqa: FBT002
) -> None:
    """Make one table of the outputs of `structkit label --part N/M`, in the order of the input.

    Every row is checked against the input: nothing may be missing, there twice, or of another job. Files that the
    pattern matches as well, such as manifests and journals, are passed over. The manifest of the table adds up those of
    the parts.
    """
    from structkit.batch.stored_join import join_stored_parts

    validate_output(output, source, *parts, may_be_folder=True)
    paths = [path for pattern in parts for path in (sorted(glob(pattern)) or [pattern])]  # noqa: PTH207 (any path)
    notice(str(join_stored_parts(dict.fromkeys(paths), output, source, overwrite=overwrite)))

"""The value of one file, as the JSON that `extract` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from structkit.cli.evidence_option import evidence_fields, write_page
from structkit.cli.prompt_options import FilePrompt
from structkit.cli.terminal import notice
from structkit.client import Client
from structkit.schema import ResponseFormat
from structkit.values import JSON


def read_value(
    client: Client, values_type: ResponseFormat[Any], prompt: FilePrompt, *, call: Any, evidence: Any, show: Path | None
) -> JSON:
    """Return the value of a file, with its evidence and confidence if asked for; write the page that shows it.

    Raises:
        StructkitError: As `Client.run`.
    """
    places, chunk = evidence or show is not None, call.get("chunk")
    result = client.run(values_type, prompt.prompt, **call, evidence=prompt.evidence(places, chunk))
    if show is not None:
        write_page(result, show, prompt.name)
    for warning in result.warnings if evidence or chunk else ():
        notice(f"{prompt.name}: {warning}")
    fields = evidence_fields(result) if evidence else {}
    if call.get("confidence"):
        fields["confidence"] = result.confidence and result.confidence.to_list()
    return {"value": values_type.natural(result.value, for_reader=True), **fields}

"""The prompt and the instructions of a command: a text, or a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from structkit.cli.file_input import FileReading, read_input
from structkit.cli.load import read_text
from structkit.cli.request_options import request_option
from structkit.documents import Document, File
from structkit.errors import ConfigError, PromptError
from structkit.values import Prompt

if TYPE_CHECKING:
    from structkit.prompts import JinjaTemplate

JINJA_SUFFIXES = frozenset({".j2", ".jinja", ".jinja2"})

PromptFile = Annotated[
    str | None,
    request_option(
        "--prompt-file",
        metavar="FILE",
        help="The same in a file; one that ends with .j2 or .jinja is a Jinja template (the extra jinja).",
    ),
]
InstructionsFile = Annotated[
    str | None, request_option("--instructions-file", metavar="FILE", help="The same in a file.")
]


def read_template(text: str | None, file: str | None) -> str | JinjaTemplate | None:
    """Return the template of `--prompt` or `--prompt-file`.

    Raises:
        ConfigError: Both options are used, the file cannot be read, or Jinja is not installed.
        PromptError: The Jinja template is invalid.
    """
    if text is not None and file is not None:
        raise ConfigError("use either --prompt or --prompt-file")
    if file is None:
        return text
    from structkit.prompts import JinjaTemplate

    source = read_text(file)
    return JinjaTemplate(source) if Path(file).suffix.lower() in JINJA_SUFFIXES else source


def read_instructions(text: str | None, file: str | None) -> str | None:
    """Return the system message of `--instructions` or `--instructions-file`.

    Raises:
        ConfigError: Both options are used, or the file cannot be read.
    """
    if text is not None and file is not None:
        raise ConfigError("use either --instructions or --instructions-file")
    return text if file is None else read_text(file).strip()


class FilePrompt(NamedTuple):
    """The prompt about a file.

    Args:
        name: The name of the file.
        prompt: The prompt.
        source: The text of the file, or the document; None for a file without text.
        parts: The prompt as parts, in which a document is one of its own.
    """

    name: str
    prompt: Prompt
    source: str | Document | None
    parts: Prompt

    def evidence(self, choice: Any, chunk: Any = None) -> Any:
        """Return `evidence=` of a call: the text of the file is read or divided, not the text around it."""
        if not (choice or chunk):
            return choice
        from structkit.extraction.grounding import ArgumentEvidence

        arguments = {} if self.source is None else {"text": self.source}
        return ArgumentEvidence(choice or False, arguments, is_template=True)


def build_prompt(name: str, template: str | JinjaTemplate | None, reading: FileReading) -> FilePrompt:
    """Return the prompt about a file: its text, in the template if there is one; or the file itself after the template.

    Raises:
        ConfigError: The file cannot be read.
        PromptError: The file is empty, or the template does not fit it.
    """
    from structkit.values.source_cell import is_blank

    source = read_input(name, reading)
    if isinstance(source, File) or (isinstance(source, Document) and not source.is_only_text):
        prompt: Prompt = [source] if template is None else [_fill_without_text(name, template), source]
        text = source if isinstance(source, Document) and source.text.strip() else None
        return FilePrompt(name, prompt, text, prompt)
    if isinstance(source, str) and is_blank(source):
        raise PromptError(f"{name!r} is empty: there is nothing to read")
    if template is None:
        return FilePrompt(name, source, source, source)
    prompt = _fill(template, {"text": source})
    return FilePrompt(name, prompt, source, _document_parts(template, source) or prompt)


def _document_parts(template: str | JinjaTemplate, source: str | Document) -> list[Any] | None:
    """Return a template that ends with a document as two parts; None if the document is anywhere else."""
    if not isinstance(source, Document):
        return None
    mark = "\0"  # no template and no document has it
    before, _, after = _fill(template, {"text": mark}).partition(mark)
    return [before, source] if before.strip() and not after.strip() else None


def _fill_without_text(name: str, template: str | JinjaTemplate) -> str:
    """Return the template for a file that has no text.

    Raises:
        PromptError: The template asks for its text, or for something else that a file does not have.
    """
    try:
        return _fill(template, {})
    except PromptError:
        _fill(template, {"text": ""})  # raises if it is not the text that is missing
        raise PromptError(
            f"{name!r} is an image, a recording or a scan, which follows the prompt and has no text: leave {{text}} out"
        ) from None


def _fill(template: str | JinjaTemplate, values: Mapping[str, str | Document]) -> str:
    """Return the template with the text of a file in it; without values for an image, which comes after it."""
    from structkit.prompts import fill_template, validate_template

    if not isinstance(template, str):
        template.validate(values)
        return template(values)
    if values:
        validate_template(template, values)
    return fill_template(template, values)

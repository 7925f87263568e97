"""The options by which a command reads documents, and the password of those that are encrypted."""

from __future__ import annotations

import getpass
import os
import warnings
from functools import partial
from typing import Annotated

import typer

from structkit.cli.file_input import FileReading, Send
from structkit.errors import ConfigError

PASSWORD_VARIABLE = "STRUCTKIT_PDF_PASSWORD"  # noqa: S105 (its name)

document_option = partial(typer.Option, rich_help_panel="Documents")

SendOption = Annotated[
    Send,
    document_option(help="What the model gets of a document; auto is the text, and images of pages without."),
]
OCR = Annotated[bool, document_option("--ocr", help="Recognize the text of images and scans (the extra ocr).")]
Password = Annotated[
    bool,
    document_option("--password", help=f"Ask for the password of encrypted PDFs; without it: {PASSWORD_VARIABLE}."),
]


def read_file_options(send: Send, encoding: str | None, ocr: bool, password: bool) -> FileReading:
    """Return how files are read, and ask for the password if that is what the option says.

    Raises:
        ConfigError: There is no terminal to ask at.
    """
    return FileReading(send, encoding, ocr, ask_password() if password else os.environ.get(PASSWORD_VARIABLE) or None)


def ask_password() -> str:
    """Return what is typed at the terminal, without an echo.

    Raises:
        ConfigError: There is no terminal.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would be shown
            return getpass.getpass("Password of the PDFs: ")
    except (getpass.GetPassWarning, EOFError, OSError):
        raise ConfigError(
            f"--password asks at the terminal, and there is none: set {PASSWORD_VARIABLE} instead"
        ) from None

"""A console on stderr that fails no run, also when nobody reads its terminal or its pipe any more."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import Any, TextIO, cast

from rich.console import Console


class LenientStream:
    """A text stream whose faults are ignored: what is written to it is not worth a run.

    Args:
        stream: The stream; a file of the operating system.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write nothing yet."""
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        """Return what the stream has."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text, if that is possible."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        """Write what is buffered, if that is possible."""
        try:
            self._stream.flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Write to nowhere from now on, if the reader is gone: the buffered text would be a fault at exit."""
        if error.errno in {errno.EPIPE, errno.EIO}:
            with suppress(OSError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)


def stderr_console(*, highlight: bool = True, soft_wrap: bool = False) -> Console:
    """Return a console on stderr."""
    file = cast("TextIO", LenientStream(sys.stderr)) if sys.stderr else None
    return Console(file=file, stderr=True, highlight=highlight, soft_wrap=soft_wrap)

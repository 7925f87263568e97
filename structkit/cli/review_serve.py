"""`structkit review --serve`: the page on loopback, until Ctrl-C."""

from __future__ import annotations

import threading
import traceback
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from html import escape
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from structkit.cli.terminal import notice
from structkit.errors import ConfigError

if TYPE_CHECKING:
    from structkit.review import GoldFile, ReviewSession, ReviewTable, RowChoice

CHECK_SECONDS = 0.5
"""How often the server looks whether the table could be read."""

REDIRECT = """<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}"><title>Review</title><a href="{url}">Review</a>
"""


def find_gold_file(output: Path | None, labels: str) -> Path:
    """Return the file of the decisions about a table.

    Raises:
        ConfigError: The table is standard input or in a store, beside which there is no file.

    >>> str(find_gold_file(None, "labels.csv"))
    'labels.gold.jsonl'
    """
    if output is None and (labels == "-" or "://" in labels):
        raise ConfigError("name the file of the decisions with --output, such as -o gold.jsonl")
    table = Path(labels)
    return output or table.with_name(f"{table.stem}.gold.jsonl")


def serve_page(
    open_table: Callable[[], ReviewTable],
    choice: RowChoice,
    below: float,
    path: Path,
    port: int,
    title: str,
    *,
    opens: bool,
) -> None:
    """Serve the page of a table until Ctrl-C, and print where the decisions are."""
    from structkit.review import GoldFile, ReviewServer, ReviewSession

    gold = GoldFile(path)
    with closing(gold):
        session = ReviewSession(open_table, choice, below, gold, title)
        report_start(session, gold)
        server = ReviewServer(session, port, on_error=report_bug)
        try:
            with server, open_browser(server.url, opens=opens):
                notice(f"review {title} at {server.url} (Ctrl-C stops)")
                wait_for_error(session)
        except KeyboardInterrupt:
            notice("")
        report_end(session, path)


def report_start(session: ReviewSession, gold: GoldFile) -> None:
    """Print what was decided before."""
    if gold.has_torn_line:
        notice(f"{gold.path}: the last line is incomplete, so it is removed: its writer was killed")
    if text := describe_decisions(session):
        notice(f"{gold.path}: {text} so far")


def report_end(session: ReviewSession, path: Path) -> None:
    """Print where the decisions are, and what becomes of them."""
    text = describe_decisions(session)
    notice(f"{path}: {text}; --merge {path} makes the gold" if text else "nothing was approved or rejected")


def describe_decisions(session: ReviewSession) -> str:
    """Return how many rows are decided; nothing if none is."""
    counts = session.count_decisions()
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) if any(counts.values()) else ""


def report_bug(error: Exception) -> None:
    """Print an exception that no code has expected."""
    notice("".join(traceback.format_exception(error)).rstrip())


def wait_for_error(session: ReviewSession) -> None:
    """Wait until the table turns out not to be readable.

    Raises:
        StructkitError: It cannot be read.
    """
    while not session.error:
        threading.Event().wait(CHECK_SECONDS)
    raise session.error


@contextmanager
def open_browser(url: str, *, opens: bool) -> Iterator[None]:
    """Open a page in the browser of a desktop.

    Its address is in a file that only this user can read: other users can see the arguments of a program.
    """
    if not opens or not has_desktop_browser():
        yield
        return
    with NamedTemporaryFile("w", suffix=".html", encoding="utf-8", delete=False) as file:
        file.write(REDIRECT.format(url=escape(url)))
    path = Path(file.name)
    try:
        threading.Thread(target=webbrowser.open, args=(path.as_uri(),), daemon=True).start()
        yield
    finally:
        path.unlink(missing_ok=True)


def has_desktop_browser() -> bool:
    """Return whether there is a browser that does not run in the terminal."""
    try:
        return type(webbrowser.get()) is not webbrowser.GenericBrowser
    except webbrowser.Error:
        return False

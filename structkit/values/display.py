"""Objects as people look at them: a short text, and an HTML table for notebooks in which everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable

from structkit.values.text import escape_controls, shorten

MAX_FIELD_CHARS = 400
"""Characters of one field of a text, so that all fields fit on a screen."""

MAX_CELL_CHARS = 4_000
"""Characters of a cell of an HTML table."""

MAX_ROWS = 30
"""Rows of an HTML table."""

OPEN_CELL = '<td style="text-align: left; vertical-align: top; white-space: pre-wrap">'
"""Lines and spaces of a cell are shown as they are."""


def short_repr(value: object, max_chars: int = MAX_FIELD_CHARS) -> str:
    """Return the `repr` of an object, shortened; an object whose `repr` fails is named by its class.

    >>> short_repr("a" * 9, 6)
    "'aaaa…"
    """
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 (an object of the caller's may raise anything)
        text = f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return shorten(text, max_chars)


def format_fields(name: str, *arguments: str, **fields: str) -> str:
    """Return `Name(argument, field=value)`; fields that are empty are left out.

    >>> format_fields("Client", "'m'", seed="7", hooks="")
    "Client('m', seed=7)"
    """
    parts = [*arguments, *(f"{field}={value}" for field, value in fields.items() if value)]
    return f"{name}({', '.join(parts)})"


def to_html_table(title: str, rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table of texts as HTML, in which no text becomes HTML; at most `MAX_ROWS` rows.

    >>> to_html_table("<Result>", [])
    '<table><caption>&lt;Result&gt;</caption></table>'
    """
    all_rows = [*rows]
    first_rows = all_rows[:MAX_ROWS]
    if len(all_rows) > MAX_ROWS:
        first_rows.append((f"… and {len(all_rows) - MAX_ROWS:,} more",))
    return f"<table><caption>{_escape(title)}</caption>{''.join(map(_html_row, first_rows))}</table>"


def _html_row(cells: tuple[str, ...]) -> str:
    return f"<tr>{''.join(f'{OPEN_CELL}{_escape(cell)}</td>' for cell in cells)}</tr>"


def _escape(text: str) -> str:
    import html  # loads a table of all entities

    return html.escape(escape_controls(shorten(text, MAX_CELL_CHARS)))

"""Hooks of mkdocs: the links of the changelog, which is outside of `docs/`, lead to pages of the site."""

from pathlib import Path
from typing import Any

INCLUDED = '--8<-- "CHANGELOG.md"'


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the text of a page, with the changelog in place of the line that includes it."""
    if markdown.strip() != INCLUDED:
        return markdown
    changelog = Path(__file__).with_name("CHANGELOG.md").read_text(encoding="utf-8")
    return changelog.replace("](docs/", "](")

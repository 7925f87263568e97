"""A page in one HTML file: its data is JSON that is never read as HTML, and nothing but its own script runs."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib import resources
from typing import Any

NOT_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What is not allowed in HTML, or changes the order of what follows."""

CONNECT = "connect-src 'self'; "
SURROGATE = re.compile("[\ud800-\udfff]")
FRAME_HEIGHT = 560
"""Pixels of a page in a notebook."""

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="structkit">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class HTMLPage:
    """A page; a notebook shows it in a frame without access to the notebook.

    Args:
        html: The file.
        policy: Its content security policy, which is in the file too.
    """

    html: str
    policy: str = ""

    def save(self, path: str) -> None:
        """Write the file.

        Raises:
            OSError: It cannot be written.
        """
        with open(path, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123 (results, which are pure, have pages)
            file.write(self.html)

    def _repr_html_(self) -> str:
        """The page in a frame, for notebooks."""
        return (
            f'<iframe sandbox="allow-scripts" srcdoc="{escape(self.html)}" title="structkit" '
            f'style="width: 100%; height: {FRAME_HEIGHT}px; border: 1px solid #8888"></iframe>'
        )

    def __repr__(self) -> str:
        """Its size."""
        return f"HTMLPage({len(self.html):,} characters)"


def make_html_page(
    title: str, data: Any, *, body: str, files: Sequence[str], has_images: bool = False, is_served: bool = False
) -> HTMLPage:
    """Return a page.

    Args:
        title: Its title, which may be any text.
        data: JSON for the script, which may have any text.
        body: The HTML of the page; it has no text from outside.
        files: The styles and scripts beside this module, in order.
        has_images: Whether the script draws images that are in the data.
        is_served: Whether the script asks the server of the page for data.
    """
    style, script = ("".join(_read(name) for name in files if name.endswith(suffix)) for suffix in (".css", ".js"))
    policy = _policy(style, script, has_images=has_images, is_served=is_served)
    html = TEMPLATE.format(
        policy=policy,
        title=escape(NOT_SHOWN.sub("\ufffd", title)),
        style=style,
        body=body,
        data=embed_json(data),
        script=script,
    )
    return HTMLPage(html, policy)


def embed_json(data: Any) -> str:
    r"""Return JSON that may be inside an HTML script element.

    >>> print(embed_json({"<a>": "</script><!-- é"}))
    {"\u003ca>":"\u003c/script>\u003c!-- é"}
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text.replace("<", "\\u003c"))


def _read(name: str) -> str:
    return resources.files("structkit.html_pages").joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str, *, has_images: bool, is_served: bool) -> str:
    """Return the content security policy: this style, this script, images of the data, and nothing from elsewhere."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        f"{'img-src data:; ' * has_images}"
        f"{CONNECT * is_served}"
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"

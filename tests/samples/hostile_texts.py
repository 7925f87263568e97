"""Texts that do harm where they are taken for HTML, a script or a key of an object."""

from __future__ import annotations

import random
from typing import Any

PARTS = [
    "</script>", "<script>window.pwned=1</script>", "<!--", "-->", "<img src=x onerror=window.pwned=1>", "</textarea>",
    "<svg onload=window.pwned=1>", "</title>", "</style>", "<style>", "&lt;", "&#60;script>", '"', "'", "`", "${window.pwned=1}",
    "]]>", "<![CDATA[", "\\u003c", "\\", "\n", "\r", "\t", "\x00", "\u202e", "\u2028", "\ud800", "😀", "javascript:", "</", "<", ">",
    "__proto__", "constructor", "toString", "<iframe srcdoc='<script>parent.pwned=1</script>'>", "<base href=//x>", "{{", "}}",
    "<meta http-equiv=refresh content=0;url=//x>", "<link rel=stylesheet href=//x>", "<math><mtext><table><mglyph><style><img>",
]  # fmt: skip


def hostile_texts(count: int) -> list[str]:
    chance = random.Random(7)
    return ["".join(chance.choices(PARTS, k=chance.randint(1, 5))) for _ in range(count)]


def hostile_schema(texts: list[str]) -> dict[str, Any]:
    """Return a natural schema whose names, descriptions and choices are some of at least 32 texts."""
    return {
        "title": texts[0],
        "properties": {text: {"type": "string", "description": text} for text in texts[:20]},
        "additionalProperties": {"anyOf": [{"enum": texts[20:30]}, {"title": texts[31], "type": "string"}, {}]},
    }

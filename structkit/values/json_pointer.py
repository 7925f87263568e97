"""JSON pointers (RFC 6901), as they are written in the fragment of an address."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from structkit.values.json import JSON


def pointer_keys(pointer: str) -> Iterator[str]:
    """Yield the keys of a JSON pointer, in order.

    >>> [*pointer_keys("#/$defs/a~1b%25c")]
    ['$defs', 'a/b%c']
    """
    return (unquote(step).replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def escape_key(key: str | int) -> str:
    """Return a key, or a position, as one step of a pointer.

    >>> escape_key("a/b%c")
    'a~1b%25c'
    """
    return str(key).replace("~", "~0").replace("/", "~1").replace("%", "%25")


def reference_targets(schema: JSON) -> JSON:
    """Return what each `$ref` of a strict schema leads to: the root or a definition.

    >>> [*reference_targets({"type": "object", "$defs": {"a": {"type": "string"}}})]
    ['#', '#/$defs/a']
    """
    return {"#": schema, **{f"#/$defs/{name}": part for name, part in schema.get("$defs", {}).items()}}

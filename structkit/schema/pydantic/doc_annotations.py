"""Texts in annotations: `Annotated[int, Doc("The number of pages.")]` (PEP 727)."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from typing import Any

DOC_TYPES = frozenset({"Doc", "DocInfo"})
"""The classes of `typing_extensions`, `annotated_doc` and `annotated_types` that contain a text."""

QUALIFIERS = frozenset({"Required", "NotRequired", "ReadOnly", "Final"})
"""What may be around an annotation: of `typing`, or of `typing_extensions`."""


def annotated_docs(cls: type) -> dict[str, str]:
    """Return the texts of a class's annotations by name; none where an annotation cannot be evaluated.

    >>> from typing_extensions import Doc
    >>> pages = typing.Annotated[int, Doc("The number of pages.")]
    >>> annotated_docs(typing.TypedDict("Book", {"pages": pages, "title": str}))
    {'pages': 'The number of pages.'}
    """
    fields = getattr(cls, "__pydantic_fields__", None)
    if fields:
        texts = {name: find_doc(field.metadata) for name, field in fields.items()}
    else:
        texts = {name: find_doc(_metadata(hint)) for name, hint in _type_hints(cls).items()}
    return {name: text for name, text in texts.items() if text}


def _type_hints(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except Exception:  # noqa: BLE001 (it evaluates what the caller has written)
        return {}


def _metadata(hint: Any) -> tuple[Any, ...]:
    """Return the metadata of an annotation, also inside a qualifier such as `NotRequired`."""
    while str(typing.get_origin(hint)).rpartition(".")[2] in QUALIFIERS:
        [hint] = typing.get_args(hint)
    return getattr(hint, "__metadata__", ())


def find_doc(metadata: Iterable[Any]) -> str:
    """Return the text in the metadata of an annotation, or ""."""
    docs = (each.documentation for each in metadata if type(each).__name__ in DOC_TYPES)
    return next((text for text in docs if isinstance(text, str)), "")

"""What the members of an enum mean: by their descriptions, docstrings or names."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any

from pydantic_core import to_jsonable_python

from structkit.schema.pydantic.class_source import member_docstrings
from structkit.schema.pydantic.doc_annotations import annotated_docs
from structkit.schema.pydantic.part import walk_parts
from structkit.schema.pydantic.set_order import with_set_order
from structkit.schema.value_meanings import name_meaning
from structkit.values import JSONValue
from structkit.values.text import shorten_json, text_without_address

DEFAULT_DOCSTRING = "An enumeration."
"""The docstring that older versions of Python give to every enum."""


def enum_docstring(cls: type[Enum]) -> str:
    """Return the caller's docstring of an enum, or ""."""
    docstring = inspect.cleandoc(cls.__doc__ or "")
    return "" if docstring == DEFAULT_DOCSTRING else docstring


def enum_meanings(members: Sequence[Enum]) -> dict[str, str]:
    """Return what members of one enum mean, by the JSON texts of their values."""
    texts = member_texts(members)
    values = {member.name: _jsonable(member.value) for member in members}
    meanings = {name: texts.get(name) or name_meaning(name, value) for name, value in values.items()}
    return {json.dumps(values[name]): meaning for name, meaning in meanings.items() if meaning}


def members_by_name(core: Any) -> Iterator[dict[str, JSONValue]]:
    """Yield the values of each enum in a core schema, and of each literal of members, by the names of the members."""
    for part in walk_parts(core):
        members = part.get("members" if part["type"] == "enum" else "expected", ())
        if members and all(isinstance(member, Enum) for member in members):
            values = {member.name: _jsonable(member.value) for member in members}
            if not any(isinstance(value, list | dict) for value in values.values()):
                yield values


def structure_meanings(members: Sequence[Enum]) -> dict[str, str]:
    """Return what members of an enum of structures mean, by their names; if no text says it, the structures do."""
    texts = member_texts(members)
    structures = {member.name: _jsonable(member.value) for member in members}
    return {json.dumps(name): texts.get(name) or shorten_json(value) for name, value in structures.items()}


def _jsonable(value: Any) -> JSONValue:
    try:
        return with_set_order(value, to_jsonable_python(value, fallback=text_without_address))
    except UnicodeDecodeError:  # bytes that are not text
        return repr(value)


def member_texts(members: Sequence[Enum]) -> dict[str, str]:
    """Return the texts that the caller has written about members of one enum, by their names."""
    texts = {member.name: _own_text(member) for member in members}
    if not all(texts.values()):
        cls = type(members[0])
        for source in (annotated_docs(cls), member_docstrings(cls, frozenset(cls.__members__))):
            texts = {name: text or source.get(name, "") for name, text in texts.items()}
    return {name: text for name, text in texts.items() if text}


def _own_text(member: Any) -> str:
    """Return the description or docstring that a member itself has."""
    has_attribute = "description" not in type(member).__members__
    description = getattr(member, "description", None) if has_attribute else None
    candidates = (description, vars(member).get("__doc__"))
    return next((text for text in candidates if isinstance(text, str)), "")

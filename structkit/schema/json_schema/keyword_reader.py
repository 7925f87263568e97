"""A JSON Schema document with every keyword as its draft defines it, and notes on what was read otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from structkit.errors import SchemaError
from structkit.schema.explanation import Note, NoteKind
from structkit.schema.json_schema.child_schemas import child_schemas
from structkit.schema.json_schema.discriminators import is_without_union, read_discriminator
from structkit.schema.json_schema.drafts import NEWEST, URIS, draft_of
from structkit.schema.json_schema.example_data import is_example, validate_items
from structkit.schema.json_schema.foreign_keywords import KEYWORD_RULES
from structkit.schema.json_schema.misspelt_keywords import meant_keyword, validate_keyword_names
from structkit.schema.json_schema.pointer_targets import look_up, set_child
from structkit.schema.json_schema.property_maps import is_property_map, may_be_group, validate_places
from structkit.schema.json_schema.vocabulary import is_keyword
from structkit.values import JSON, JSONPath, JSONValue, format_path
from structkit.values.caller_warning import warn_caller
from structkit.values.json_pointer import escape_key, pointer_keys
from structkit.values.text import shorten_json

DISCRIMINATOR = "discriminator: its value is a constant in each branch"
UNUSED_DISCRIMINATOR = "discriminator: no effect without oneOf or anyOf"
PROPERTY_MAP = 'its keys look like properties, which have no effect outside "properties": any JSON value'
NO_KEYWORD = "none of its keys is a keyword of JSON Schema: any JSON value"
READ_OR_WRITE = ("readOnly", "writeOnly")

DRAFT_OF_KEYWORD = {"$recursiveRef": "2019-09", "$recursiveAnchor": "2019-09"}
"""Keywords that only one draft defines, and that cannot be rewritten part by part."""

MAX_UNKNOWN_KEYWORDS = 20
"""Unknown keywords that `explain` lists."""


def read_keywords(document: JSON) -> tuple[JSON, tuple[Note, ...]]:
    """Return the document rewritten, and a note for each kind of keyword that was.

    Raises:
        SchemaError: A part is not a schema, or has a keyword that cannot be read; with its path.

    >>> document, [note] = read_keywords({"type": "string", "nullable": True})
    >>> document, str(note)
    ({'type': ['string', 'null']}, '(root): rewritten: nullable: null is valid too')
    """
    reader = _KeywordReader(document)
    return reader.read(), tuple(reader.notes())


class _KeywordReader:
    def __init__(self, document: JSON) -> None:
        self._document = document
        self._named_draft = draft_of(document) or _draft_by_keywords(document)
        self._draft = NEWEST if self._named_draft in {None, "3"} else str(self._named_draft)
        self._rules = [rule for rule in KEYWORD_RULES if rule.applies_to(self._draft, self._named_draft)]
        self._places: dict[tuple[NoteKind, str], list[JSONPath]] = {}
        self._unknown: dict[str, str] = {}

    def read(self) -> JSON:
        """Return the rewritten document; it names its draft as `jsonschema` expects it."""
        rewritten = self._read(self._document, ())
        return {**rewritten, "$schema": URIS[self._draft]} if self._named_draft else rewritten

    def _read(self, part: JSON, path: JSONPath) -> JSON:
        is_valid = self._validate(part, path)
        self._note_unknown(part, path, warns=is_valid)
        for rule in self._rules:
            part = self._noted(rule.rewrite(part, path), part, rule.meaning, path)
        part = self._noted(read_discriminator(part, self._resolve), part, DISCRIMINATOR, path)
        self._note_ignored(part, path)
        rewritten = dict(part)
        for step, child in child_schemas(part):
            if isinstance(child, dict):
                set_child(rewritten, part, step, self._read(child, path + step))
        return rewritten

    def _validate(self, part: JSON, path: JSONPath) -> bool:
        """Return whether no names are in the place of keywords; if not, warn in a document that names its draft.

        Such a document is often another author's, and JSON Schema says that other names have no effect.
        """
        try:
            validate_keyword_names(part, path)
            validate_items(part, path)
            validate_places(part, path)
        except SchemaError as error:
            if not path or not draft_of(self._document):
                raise
            warn_caller(str(error))
            self._note("dropped", str(error), ())  # it names its place
            return False
        return True

    def _noted(self, rewritten: JSON, part: JSON, meaning: str, path: JSONPath) -> JSON:
        if rewritten is not part:
            self._note("rewritten", meaning, path)
        return rewritten

    def _note_ignored(self, part: JSON, path: JSONPath) -> None:
        if text := PROPERTY_MAP if is_property_map(part) else NO_KEYWORD if self._is_example(part) else "":
            self._note("dropped", text, path)
            if not may_be_group(path):
                warn_caller(f"{format_path(path)}: {text}")
        if is_without_union(part):
            self._note("dropped", UNUSED_DISCRIMINATOR, path)
        for word in READ_OR_WRITE:
            if part.get(word) is True:
                self._note("dropped", f"{word}: requested like any other property", path)

    def _is_example(self, part: JSON) -> bool:
        return is_example(part) and not any(self._unknown[name] for name in part)

    def _note_unknown(self, part: JSON, path: JSONPath, *, warns: bool) -> None:
        """Note the keys that are not keywords; and warn where one was probably meant, since `explain` is not read."""
        for name in part:
            if not is_keyword(name) and not self._unknown.get(name):
                word = meant_keyword(name, part)
                self._unknown[name] = f"; did you mean {shorten_json(word)}?" if word else ""
                if word and warns:
                    warn_caller(f"{format_path((*path, name))}: not a keyword of JSON Schema{self._unknown[name]}")

    def _note(self, kind: NoteKind, text: str, path: JSONPath) -> None:
        self._places.setdefault((kind, text), []).append(path)

    def _resolve(self, schema: JSONValue) -> JSON:
        """Return a schema, or the target of its pointer in the document as it was."""
        visited: set[str] = set()
        while isinstance(schema, dict) and isinstance(pointer := schema.get("$ref"), str):
            if pointer in visited or not pointer.startswith("#"):
                return {}
            visited.add(pointer)
            schema = look_up(self._document, [*pointer_keys(pointer)])
        return schema if isinstance(schema, dict) else {}

    def notes(self) -> Iterator[Note]:
        """Yield the notes."""
        if self._named_draft and not draft_of(self._document):
            yield Note((), "rewritten", f"no $schema: read as draft {self._named_draft}, for its keywords")
        for (kind, text), paths in self._places.items():
            yield Note((), kind, text + _format_places(paths))
        for name, suggestion in islice(self._unknown.items(), MAX_UNKNOWN_KEYWORDS):
            yield Note((), "dropped", f"{shorten_json(name, 60)}: not a keyword of JSON Schema{suggestion}")


def _format_places(paths: list[JSONPath]) -> str:
    """Return where a keyword is, for a note; nothing where it is at the root only."""
    pointer = "/".join(["#", *map(escape_key, paths[0])])
    if len(paths) > 1:
        return f" (in {len(paths)} places, first in {pointer})"
    return f" (in {pointer})" if paths[0] else ""


def _draft_by_keywords(document: JSON) -> str | None:
    """Return the draft of a document that names none, if a keyword is only in that draft."""
    stack: list[JSON] = [document]
    while stack:
        part = stack.pop()
        for word, draft in DRAFT_OF_KEYWORD.items():
            if isinstance(part.get(word), str | bool):
                return draft
        stack += [child for _, child in child_schemas(part) if isinstance(child, dict)]
    return None

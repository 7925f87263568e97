"""Whether null is valid for a schema, followed through references and unions."""

from __future__ import annotations

from structkit.schema.json_schema.document import SchemaDocument
from structkit.schema.json_types import guess_type, type_names
from structkit.values import JSON, JSONValue

MAX_DEPTH = 50
"""Nested unions and references that are followed; a schema below is assumed to accept null."""

NO_CONST = object()


class Nullability:
    """Answers for the schemas of one document; the answer for each `$ref` is cached."""

    def __init__(self, document: SchemaDocument, *, keywords_imply_type: bool) -> None:
        """Store the document.

        Args:
            document: The document, where references lead.
            keywords_imply_type: Whether a schema without `type` accepts only the type that its keywords are for.
        """
        self._document = document
        self._keywords_imply_type = keywords_imply_type
        self._by_ref: dict[str, bool] = {}

    def accepts_null(self, schema: JSONValue, depth: int = 0) -> bool:
        """Return whether null is valid for a schema."""
        if not isinstance(schema, dict) or depth > MAX_DEPTH:
            return schema is not False
        ref = schema.get("$ref")
        if ref is None:
            return self._accepts_null(schema, depth)
        if ref not in self._by_ref:
            self._by_ref[ref] = False  # a reference to itself does not make it accept anything
            self._by_ref[ref] = self._accepts_null(self._document.resolve(schema), depth)
        return self._by_ref[ref]

    def _accepts_null(self, schema: JSON, depth: int) -> bool:
        if "anyOf" in schema or "oneOf" in schema:
            parts = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
            return self._type_accepts_null(schema) and any(self.accepts_null(part, depth + 1) for part in parts)
        if "enum" in schema or "const" in schema:
            return None in [*schema.get("enum", ()), schema.get("const", NO_CONST)]
        parts = schema.get("allOf", ())
        return self._type_accepts_null(schema) and all(self.accepts_null(part, depth + 1) for part in parts)

    def _type_accepts_null(self, schema: JSON) -> bool:
        kind = guess_type(schema) if self._keywords_imply_type else schema.get("type")
        return kind is None or "null" in type_names(kind)

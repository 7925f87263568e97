"""A JSON Schema document as an output type: its values are plain JSON, validated by the document."""

from __future__ import annotations

import copy
from itertools import islice
from typing import Any

from structkit.parsing.member_names import NamesOfValues, index_member_names
from structkit.schema.explanation import Note
from structkit.schema.json_schema.backtracking import PatternTimeout
from structkit.schema.json_schema.document import SchemaDocument
from structkit.schema.json_schema.match_time import shared_match_time
from structkit.schema.json_schema.rule_issues import read_errors
from structkit.schema.memo import shared_results
from structkit.schema.natural import MAX_QUOTED_CHARS, InvalidValue
from structkit.schema.value_meanings import names_of_values
from structkit.schema.writable import validate_json
from structkit.values import JSON, Issue, JSONValue
from structkit.values.exact_float import has_exact_floats, without_texts
from structkit.values.text import shorten_json

MAX_ISSUES = 100
"""Issues that are reported of one value: nested `allOf` can report the same one exponentially often."""


class RawSchema:
    """A JSON Schema document, of any draft; its values are plain JSON.

    Attributes:
        document: A copy of the dict that the caller has passed.
        schema: The schema in it, with every keyword as its draft defines it.
        name: Its name on the wire.
    """

    def __init__(self, schema: JSON) -> None:
        """Read and validate the document.

        Raises:
            SchemaError: It is not a JSON Schema.
        """
        from structkit.schema.json_schema.load_jsonschema import load_jsonschema

        load_jsonschema()

        from structkit.schema.json_schema.drafts import validator_class
        from structkit.schema.json_schema.formats import with_all_formats
        from structkit.schema.json_schema.keyword_rules import with_exact_rules
        from structkit.schema.json_schema.metaschema import validate_document
        from structkit.schema.json_schema.patterns import validate_patterns
        from structkit.schema.json_schema.reference_cycles import validate_cycles
        from structkit.schema.json_schema.schema_input import read_schema_input

        validate_json(schema)
        schema_input = read_schema_input(schema)
        self.schema = schema = schema_input.schema
        self.name = schema_input.name
        self.document = schema_input.document
        self._notes = schema_input.notes
        validator = validator_class(schema)
        validate_document(schema, validator)
        validate_patterns(schema)
        document = SchemaDocument(schema)
        validate_cycles(document)
        # jsonschema-rs is 20 times as fast, but a schema can hang it (a union of 2^30 branches, a slow pattern), and a
        # deep value ends the process; it would be safe only as a first test of schemas without these.
        exact = with_exact_rules(validator, document.resolve_if_possible, is_dynamic=document.is_dynamic)
        self._validator = exact(schema, format_checker=with_all_formats(validator.FORMAT_CHECKER))

    def part(self, schema: JSONValue) -> RawSchema:
        """Return the same document, for values of a part of it."""
        schema_part = copy.copy(self)
        schema_part._validator = self._validator.evolve(schema=schema)  # noqa: SLF001 (its own class)
        return schema_part

    def explain(self) -> tuple[Note, ...]:
        """Return what was read otherwise than it was written."""
        return self._notes

    def member_names(self) -> NamesOfValues:
        """Return the names that keywords of generators give to the values of an enum."""
        return index_member_names(names_of_values(self.schema))

    def dump(self, value: JSONValue, *, for_reader: bool = False) -> JSONValue:  # noqa: ARG002
        """Return the value: it is JSON already."""
        return value

    def validate(self, value: JSONValue, text: str | None = None, context: Any = None) -> JSONValue:  # noqa: ARG002
        """Validate a value by the document, formats included.

        Raises:
            InvalidValue: With at most `MAX_ISSUES` issues.
        """
        try:
            with shared_match_time(), shared_results():
                errors = islice(self._validator.iter_errors(value), MAX_ISSUES)
                issues = read_errors(errors)
        except PatternTimeout as error:  # raised, since a rule such as `not` would take "does not match" for valid
            raise InvalidValue((Issue((), str(error), shorten_json(error.text, MAX_QUOTED_CHARS)),)) from None
        except BaseException as error:
            # jsonschema's maps are written in Rust, and panic where the stack is full.
            if type(error).__name__ == "PanicException":
                raise RecursionError from None
            raise
        if issues:
            raise InvalidValue(issues)
        return without_texts(value) if has_exact_floats(value) else value

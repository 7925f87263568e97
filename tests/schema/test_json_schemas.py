"""Constructs of JSON Schema, one at a time: a value that fits comes back equal, another is rejected."""

import contextlib
import inspect
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from structkit import ResponseFormat
from structkit.dialects import DIALECTS
from structkit.errors import InvalidOutput, SchemaError
from structkit.schema.json_equality import is_completed

STRING, INTEGER = {"type": "string"}, {"type": "integer"}
DRAFT_4 = {"$schema": "http://json-schema.org/draft-04/schema#"}
DRAFT_7 = {"$schema": "http://json-schema.org/draft-07/schema#"}


def obj(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    names = [*properties] if required is None else required
    return {"type": "object", "properties": properties, **({"required": names} if names else {})}


CUSTOMER = {
    "$id": "https://x.y/customer",
    **obj(a={"$ref": "#/$defs/addr"}),
    "$defs": {"addr": STRING},
}


def obj_of_any_type(**properties: Any) -> dict[str, Any]:
    return {"properties": properties, "required": [*properties]}


def when(kind: str, **cases: Any) -> dict[str, Any]:
    """A condition on the key `k`."""
    return {"if": {"properties": {"k": {"const": kind}}, "required": ["k"]}, **cases}


def fits(schema: Any, valid: list[Any], invalid: list[Any]) -> Any:
    """A case about a whole document."""
    return schema, valid, invalid


def holds(schema: Any, valid: list[Any], invalid: list[Any], **more: Any) -> Any:
    """A case about the property `x` of a document."""
    return fits({**obj(x=schema), **more}, [{"x": each} for each in valid], [{"x": each} for each in invalid])


CASES = {
    "anything": fits({}, [1, {"a": []}, None, [{"list": 1}]], []),
    "true": holds(True, [1, {"a": 1}], []),
    "false for an optional property": fits(
        obj(["a"], a=STRING, b=False), [{"a": "x"}], [{"a": "x", "b": 1}]
    ),
    "a constant beside alternatives": holds(
        {"type": "object", "const": {"a": 1}, "dependentSchemas": {"a": {"required": ["a"]}}, "anyOf": [obj(a=INTEGER)]},
        [{"a": 1}],
        [{"a": 2}, {}],
    ),
    "true as a branch": holds({"anyOf": [True, STRING]}, ["a", 1], []),
    "false as a branch": holds({"anyOf": [False, STRING]}, ["a"], [1]),
    "reference": holds({"$ref": "#/$defs/a"}, ["a"], [1], **{"$defs": {"a": STRING}}),
    "reference, escaped": holds({"$ref": "#/$defs/a~1b%25c"}, ["a"], [1], **{"$defs": {"a/b%c": STRING}}),
    "reference to a property": fits(
        obj(x=STRING, y={"$ref": "#/properties/x"}), [{"x": "a", "y": "b"}], [{"x": "a", "y": 1}]
    ),
    "reference by anchor": holds(
        {"$ref": "#foo"}, ["a"], [1], **{"$defs": {"a": {"$anchor": "foo", **STRING}}}
    ),
    "reference by id": holds(
        {"$ref": "http://x.y/b"},
        ["a"],
        [1],
        **{"$defs": {"a": {"$id": "http://x.y/b", **STRING}}},
    ),
    "reference under the document's id": holds(
        {"$ref": "root.json#/$defs/a"},
        ["a"],
        [1],
        **{"$id": "http://x.y/root.json", "$defs": {"a": STRING}},
    ),
    "reference inside a resource": holds(
        {"$ref": "customer"},
        [{"a": "x"}],
        [{"a": 1}],
        **{"$id": "https://x.y/o", "$defs": {"customer": CUSTOMER}},
    ),
    "reference inside a resource, to a name that the document has too": holds(
        {"$ref": "customer"},
        [{"a": "x"}],
        [{"a": 1}],
        **{"$id": "https://x.y/o", "$defs": {"customer": CUSTOMER, "addr": INTEGER}},
    ),
    "reference by the whole address of a relative id": holds(
        {"$ref": "http://e.com/a.json"},
        ["a"],
        [1],
        **{**DRAFT_7, "$id": "http://e.com/root.json", "definitions": {"a": {"$id": "a.json", **STRING}}},
    ),
    "reference by an id below another": holds(
        {"$ref": "http://e.com/b/d.json"},
        ["a"],
        [1],
        **{
            **DRAFT_4,
            "id": "http://e.com/a.json",
            "definitions": {"x": {"id": "b/c.json", "not": {"definitions": {"y": {"id": "d.json", **STRING}}}}},
        },
    ),
    "an anchor that two resources have": holds(
        {"$ref": "other#a"},
        ["a"],
        [1],
        **{"$defs": {"a": {"$anchor": "a", **INTEGER}, "b": {"$id": "other", "$defs": {"a": {"$anchor": "a", **STRING}}}}},
    ),
    "reference inside a resource named by a URN": fits(
        {"$id": "urn:uuid:1", **obj(x={"$ref": "urn:uuid:1#/$defs/a"}), "$defs": {"a": {"$ref": "#/$defs/b"}, "b": STRING}},
        [{"x": "a"}],
        [{"x": 1}],
    ),
    "an id beside a reference, before 2019-09": holds(
        {"$id": "http://e.com/sub/", "$ref": "a.json"},
        ["a"],
        [1],
        **{
            **DRAFT_7,
            "$id": "http://e.com/root.json",
            "definitions": {"a": {"$id": "a.json", **STRING}, "b": {"$id": "sub/a.json", **INTEGER}},
        },
    ),
    "a constant that looks like a reference": holds(
        {"enum": [{"$ref": "#a"}]}, [{"$ref": "#a"}], [{"$ref": "#"}], **{"$defs": {"a": {"$anchor": "a"}}}
    ),
    "dynamic reference": holds(
        {"$dynamicRef": "#foo"},
        ["a"],
        [1],
        **{"$defs": {"a": {"$dynamicAnchor": "foo", **STRING}}},
    ),
    "dynamic reference to a tree": fits(
        {
            "$dynamicAnchor": "node",
            **obj(["v"], v=INTEGER, kids={"type": "array", "items": {"$dynamicRef": "#node"}}),
        },
        [{"v": 1, "kids": [{"v": 2, "kids": []}]}],
        [{"v": 1, "kids": [{"v": "x"}]}],
    ),
    "dynamic reference of a reference": fits(
        {
            "$id": "http://x.y/strict",
            "$dynamicAnchor": "node",
            "$ref": "tree",
            "unevaluatedProperties": False,
            "$defs": {
                "tree": {
                    "$id": "tree",
                    "$dynamicAnchor": "node",
                    **obj(["v"], v=INTEGER, kids={"type": "array", "items": {"$dynamicRef": "#node"}}),
                }
            },
        },
        [{"v": 1, "kids": [{"v": 2}]}],
        [{"v": 1, "kids": [{"v": 2, "w": 3}]}],
    ),
    "recursive reference": fits(
        {
            "$schema": "https://json-schema.org/draft/2019-09/schema",
            "$recursiveAnchor": True,
            **obj(["v"], v=INTEGER, kids={"type": "array", "items": {"$recursiveRef": "#"}}),
        },
        [{"v": 1, "kids": [{"v": 2, "kids": []}]}],
        [{"v": 1, "kids": [{"v": "x"}]}],
    ),
    "a property named $dynamicRef": fits(obj(**{"$dynamicRef": STRING}), [{"$dynamicRef": "a"}], [{"$dynamicRef": 1}]),
    "bound beside a reference": holds({"$ref": "#/$defs/a", "minLength": 3}, ["abc"], ["a"], **{"$defs": {"a": STRING}}),
    "properties beside a reference": holds(
        {"$ref": "#/$defs/a", **obj(b=INTEGER)}, [{"a": "x", "b": 1}], [{"a": "x"}], **{"$defs": {"a": obj(a=STRING)}}
    ),
    "a property named $ref": fits(obj(**{"$ref": STRING}), [{"$ref": "a"}], [{"$ref": 1}]),
    "properties named like keywords": fits(
        obj(["title"], title=STRING, description=STRING, type=STRING, default=INTEGER, enum=STRING, anyOf=STRING),
        [{"title": "a"}, {"title": "a", "default": 1, "type": "b"}],
        [{"title": 1}],
    ),
    "unusual property names": fits(
        obj(**{"": STRING, "a\nb": STRING, '"q"': STRING, "💥": STRING, "x" * 200: STRING}),
        [{"": "1", "a\nb": "2", '"q"': "3", "💥": "4", "x" * 200: "5"}],
        [],
    ),
    "recursion through an optional property": fits(
        {"$ref": "#/$defs/a", "$defs": {"a": obj(["v"], v=INTEGER, n={"$ref": "#/$defs/a"})}},
        [{"v": 1}, {"v": 1, "n": {"v": 2}}],
        [{"v": "x"}, {"v": 1, "n": {"v": "x"}}],
    ),
    "recursion to the root": fits(
        obj(["v"], v=INTEGER, kids={"type": "array", "items": {"$ref": "#"}}),
        [{"v": 1, "kids": [{"v": 2}]}],
        [{"v": 1, "kids": [{"v": "x"}]}],
    ),
    "union that holds itself": holds(
        {"$ref": "#/$defs/a"},
        ["s"],
        [1],
        **{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, STRING]}}},
    ),
    "unions that hold each other": holds(
        {"$ref": "#/$defs/a"},
        ["s", 1],
        [None],
        **{
            "$defs": {
                "a": {"anyOf": [{"$ref": "#/$defs/b"}, STRING]},
                "b": {"anyOf": [{"$ref": "#/$defs/a"}, INTEGER]},
            }
        },
    ),
    "a duplicate branch": holds(
        {"anyOf": [obj(a=STRING), {"description": "once more", **obj(a=STRING)}, INTEGER]}, [{"a": "x"}, 1], ["s"]
    ),
    "exclusive bound of draft 4": fits(
        {**DRAFT_4, **obj(x={"type": "number", "minimum": 0, "exclusiveMinimum": True})},
        [{"x": 1}],
        [{"x": 0}],
    ),
    "id of draft 4": fits(
        {**DRAFT_4, "id": "http://x.y/z", **obj(x={"$ref": "#/definitions/a"}), "definitions": {"a": STRING}},
        [{"x": "a"}],
        [{"x": 1}],
    ),
    "list of items before 2020": fits(
        {**DRAFT_7, **obj(x={"type": "array", "items": [STRING, INTEGER], "additionalItems": False, "minItems": 2})},
        [{"x": ["a", 1]}],
        [{"x": [1, 1]}, {"x": ["a", 1, 2]}],
    ),
    "open list of items before 2020": fits(
        {**DRAFT_7, **obj(x={"type": "array", "items": [STRING, INTEGER]})},
        [{"x": ["a", 1]}, {"x": ["a"]}, {"x": ["a", 1, None]}],
        [{"x": [1]}],
    ),
    "tuple": holds(
        {"type": "array", "prefixItems": [STRING, INTEGER], "items": False, "minItems": 2},
        [["a", 1]],
        [["a", "b"], ["a", 1, 2]],
    ),
    "tuple or null": holds(
        {"anyOf": [{"type": "array", "prefixItems": [STRING, INTEGER], "items": False, "minItems": 2}, {"type": "null"}]},
        [["a", 1], None],
        [["a", "b"]],
    ),
    "tuple with anything in it": holds(
        {"type": "array", "prefixItems": [True, INTEGER], "items": False, "minItems": 2},
        [["a", 1], [[], 1]],
        [["a", "b"]],
    ),
    "open tuple": holds(
        {"type": "array", "prefixItems": [STRING, INTEGER]}, [["a", 1], ["a"], [], ["a", 1, None]], [[1]]
    ),
    "open tuple of equal types": holds(
        {"type": "array", "prefixItems": [STRING, STRING]}, [["a", "b"], ["a"], ["a", "b", 3]], [[1]]
    ),
    "tuple that may be shorter": holds(
        {"type": "array", "prefixItems": [STRING, INTEGER], "items": False}, [["a", 1], ["a"], []], [[1]]
    ),
    "tuple with further items": holds(
        {"type": "array", "prefixItems": [STRING], "items": INTEGER, "minItems": 1}, [["a"], ["a", 1, 2]], [["a", "b"]]
    ),
    "enum": holds({"enum": ["a", 1, 1.5, None, True]}, ["a", 1, 1.5, None, True], [2, False, "b"]),
    "enum beside a type": holds({"type": "string", "enum": ["a", "b"]}, ["a"], ["c", 1]),
    "enum with a duplicate value": fits(
        obj(x={"enum": ["a", "a", "b"]}), [{"x": "a"}], [{"x": "c"}]
    ),
    "enum of structured values": holds({"enum": [{"a": 1}, [1, 2], "s"]}, [{"a": 1}, [1, 2], "s"], [{"a": 2}, []]),
    "const of structure": holds({"const": {"a": [1]}}, [{"a": [1]}], [{"a": [2]}]),
    "const of structure, its keys in any order": holds({"const": {"b": 1, "a": 2}}, [{"a": 2, "b": 1}], [{"a": 1, "b": 2}]),
    "enum of structures that Python takes for one": holds({"enum": [{"a": True}, {"a": 1}]}, [{"a": True}, {"a": 1}], [{"a": 0}]),
    "enum of floats, one of them whole": holds({"enum": [0.5, 1.0, 2]}, [0.5, 1, 2.0], [3]),
    "items that Python takes for the same": holds({"type": "array", "uniqueItems": True}, [[1, True, "1"]], [[1, 1.0], [{"a": [0]}, {"a": [0.0]}]]),
    "const null": holds({"const": None}, [None], [1]),
    "const false": holds({"const": False}, [False], [0, True]),
    "const, optional": fits(obj([], x={"const": "a"}), [{}, {"x": "a"}], [{"x": "b"}]),
    "const with a default, optional": fits(
        obj([], x={"const": "a", "default": "a"}), [{}, {"x": "a"}], [{"x": "b"}]
    ),
    "null or absent": fits(obj([], x={"enum": ["a", None]}), [{}, {"x": "a"}, {"x": None}], [{"x": "b"}]),
    "default null, absent or null": fits(
        obj([], x={"type": ["string", "null"], "default": None}),
        [{}, {"x": "a"}, {"x": None}],
        [{"x": 1}],
    ),
    "list of types": holds({"type": ["string", "null"], "pattern": "^a$"}, ["a", None], ["b", 1]),
    "list of types with bounds": holds(
        {"type": ["string", "integer", "null"], "minLength": 2, "minimum": 3},
        ["ab", 3, None],
        ["a", 1, True],
    ),
    "object or array": holds(
        {"type": ["object", "array"], "properties": {"a": INTEGER}, "items": STRING}, [{"a": 1}, ["s"], {}], [{"a": "s"}]
    ),
    "properties without a type": fits({"properties": {"a": STRING}}, [{"a": "x"}, {}], [{"a": 1}]),
    "length without a type": holds({"minLength": 2}, ["ab", 3, []], ["a"]),
    "bound without a type": holds({"minimum": 2}, [3, "a"], [1]),
    "items without a type": holds({"items": INTEGER}, [[3], "a"], [["a"]]),
    "properties without a type, inside": holds(
        {"properties": {"a": STRING}}, [{"a": "x"}, {}, 3, None, [{"a": 1}], {"json_text": "x"}], [{"a": 1}]
    ),
    "properties without a type, optional": fits(
        obj([], x={"properties": {"a": STRING}}), [{"x": {"a": "x"}}, {}, {"x": None}, {"x": [None]}], [{"x": {"a": 1}}]
    ),
    "closed properties without a type, named like the text": holds(
        {"properties": {"json_text": STRING}, "additionalProperties": False}, [{"json_text": "3"}, {}, 3], [{"json_text": 3}]
    ),
    "branches without a type": holds(
        {"anyOf": [obj_of_any_type(k={"const": "a"}, v=STRING), obj_of_any_type(k={"const": "b"}, v=INTEGER)]},
        [{"k": "a", "v": "x"}, {"k": "b", "v": 1}, 3, None],
        [{"k": "a", "v": 1}],
    ),
    "tuple without a type": holds({"prefixItems": [STRING, INTEGER]}, [["a", 1], "a", {}], [[1]]),
    "cases without a type": holds(
        {"properties": {"a": STRING, "b": STRING}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        [{"a": "x"}, {"b": "x"}, 3],
        [{}],
    ),
    "required without a type": fits({"required": ["a"]}, [{"a": 1}, {"a": 1, "b": [2]}], [{}]),
    "required without a type, inside": holds({"required": ["a"]}, [{"a": 1, "b": 2}, 3], [{}]),
    "open object": fits({"type": "object"}, [{}, {"a": [1]}], []),
    "extra keys allowed": fits(
        {**obj(a=STRING), "additionalProperties": True}, [{"a": "x", "b": [3]}, {"a": "x"}], [{"a": 1, "b": 3}]
    ),
    "extra keys of a type": fits(
        {**obj(a=STRING), "additionalProperties": INTEGER}, [{"a": "x", "b": 3}, {"a": "x"}], [{"a": "x", "b": "y"}]
    ),
    "extra keys forbidden": fits({**obj(a=STRING), "additionalProperties": False}, [{"a": "x"}], [{"a": "x", "b": "y"}]),
    "required but not declared": fits(
        {**obj(a=STRING), "required": ["a", "b"]}, [{"a": "x", "b": 3}], [{"a": "x"}]
    ),
    "keys by pattern": fits(
        {"type": "object", "patternProperties": {"^a": INTEGER, "^b": STRING}, "additionalProperties": False},
        [{"a1": 1, "b1": "x"}, {}],
        [{"a1": "x"}, {"c": 1}],
    ),
    "keys by pattern beside declared": fits(
        {**obj(q=STRING), "patternProperties": {"^a": INTEGER}}, [{"q": "x", "a1": 1}], [{"q": "x", "a1": "x"}]
    ),
    "keys by a pattern with lookaround": fits(
        {"type": "object", "patternProperties": {"^(?!x).*$": INTEGER}, "additionalProperties": False},
        [{"a": 1}],
        [{"x": 1}, {"a": "x"}],
    ),
    "names by pattern": fits(
        {"type": "object", "propertyNames": {"pattern": "^a"}, "additionalProperties": INTEGER}, [{"a": 1}], [{"b": 1}]
    ),
    "names by enum": fits(
        {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": INTEGER}, [{"a": 1}], [{"c": 1}]
    ),
    "names by reference": fits(
        {
            "type": "object",
            "propertyNames": {"$ref": "#/$defs/k"},
            "additionalProperties": INTEGER,
            "$defs": {"k": {"enum": ["a"]}},
        },
        [{"a": 1}],
        [{"c": 1}],
    ),
    "number of keys": fits(
        {"type": "object", "minProperties": 1, "maxProperties": 2, "additionalProperties": INTEGER},
        [{"a": 1}],
        [{}, {"a": 1, "b": 2, "c": 3}],
    ),
    "number of declared keys": fits({**obj([], a=STRING, b=STRING), "minProperties": 1}, [{"a": "x"}], [{}]),
    "allOf": fits({"allOf": [obj(a=STRING), obj(b=INTEGER)]}, [{"a": "x", "b": 1}], [{"a": "x"}]),
    "allOf of one reference": holds({"allOf": [{"$ref": "#/$defs/a"}]}, ["s"], [1], **{"$defs": {"a": STRING}}),
    "anyOf required": fits(
        {**obj([], a=STRING, b=STRING), "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        [{"a": "x"}, {"b": "y"}, {"a": "x", "b": "y"}],
        [{}],
    ),
    "oneOf required": fits(
        {**obj([], a=STRING, b=STRING), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        [{"a": "x"}, {"b": "y"}],
        [{}, {"a": "x", "b": "y"}],
    ),
    "properties beside anyOf": fits(
        {**obj(["t"], t=STRING), "anyOf": [obj(a=STRING), obj(b=INTEGER)]},
        [{"t": "q", "a": "x"}, {"t": "q", "b": 1}],
        [{"t": "q"}, {"a": "x"}],
    ),
    "type beside anyOf": holds(
        {"type": "string", "anyOf": [{"pattern": "^a"}, {"pattern": "^b"}]}, ["a", "b"], ["c", 1]
    ),
    "if then required": fits(
        {**obj(["k"], k=STRING, a=INTEGER), "if": {"properties": {"k": {"const": "x"}}}, "then": {"required": ["a"]}},
        [{"k": "x", "a": 1}, {"k": "y"}],
        [{"k": "x"}],
    ),
    "if then properties": fits(
        {**obj(["k"], k=STRING), "if": {"properties": {"k": {"const": "x"}}}, "then": obj(a=INTEGER)},
        [{"k": "x", "a": 1}, {"k": "y"}],
        [{"k": "x"}],
    ),
    "if then properties, where the condition is false": fits(
        {**obj(["k"], k=STRING), "if": {"properties": {"k": {"const": "x"}}}, "then": obj([], a=INTEGER)},
        [{"k": "x", "a": 1}, {"k": "y", "a": "s"}, {"k": "y", "a": None}],
        [{"k": "x", "a": "s"}],
    ),
    "if then else of one property": fits(
        {
            **obj(["k"], k=STRING),
            "if": {"properties": {"k": {"const": "x"}}},
            "then": obj([], a=INTEGER),
            "else": obj([], a=STRING),
        },
        [{"k": "x", "a": 1}, {"k": "y", "a": "s"}, {"k": "x"}],
        [{"k": "x", "a": "s"}, {"k": "y", "a": [1]}],
    ),
    "several if then": fits(
        {**obj([], k=STRING), "allOf": [when("x", then=obj([], a={"enum": ["p"]})), when("y", then=obj([], a={"enum": ["q"]}))]},
        [{"k": "x", "a": "p"}, {"k": "y", "a": "q"}, {"k": "z", "a": 3}, {"a": "p"}],
        [{"k": "x", "a": "q"}, {"k": "y", "a": "p"}],
    ),
    "several if, each with one case": fits(
        {"type": "object", "allOf": [when("x", then=obj([], a=STRING)), when("y", **{"else": obj([], a=INTEGER)})]},
        [{"k": "x"}, {"k": "y", "a": "s"}, {"k": "y", "a": [1]}, {"k": "z", "a": 1}],
        [{"k": "z", "a": "s"}],
    ),
    "dependent keys": fits(
        {**obj([], a=STRING, b=STRING), "dependentRequired": {"a": ["b"]}},
        [{}, {"a": "x", "b": "y"}, {"b": "z"}],
        [{"a": "x"}],
    ),
    "dependent schema": fits(
        {**obj([], a=STRING), "dependentSchemas": {"a": obj(b=INTEGER)}}, [{}, {"a": "x", "b": 1}], [{"a": "x"}]
    ),
    "dependent schema that does not apply": fits(
        {**obj([], a=STRING), "dependentSchemas": {"a": obj(b=INTEGER)}},
        [{"b": "x"}, {"b": None}, {"a": "x", "b": 1}],
        [{"a": "x", "b": "y"}],
    ),
    "not": holds({"type": "string", "not": {"const": "a"}}, ["b"], ["a"]),
    "only not": holds({"not": STRING}, [1, None, []], ["a"]),
    "contains": holds({"type": "array", "contains": INTEGER}, [["a", 1]], [["a"]]),
    "unique items": holds({"type": "array", "items": INTEGER, "uniqueItems": True}, [[1, 2]], [[1, 1]]),
    "unevaluated keys forbidden": fits({**obj(a=STRING), "unevaluatedProperties": False}, [{"a": "x"}], [{"a": "x", "b": 1}]),
    "unevaluated keys of a type": fits({"type": "object", "unevaluatedProperties": INTEGER}, [{"a": 1}], [{"a": "x"}]),
    "a named back-reference": holds({"type": "string", "pattern": r"^(?<q>a|b)\k<q>$"}, ["aa"], ["ab"]),
    "unevaluated keys beside Unicode patterns": fits(
        {"type": "object", "patternProperties": {r"^\p{L}+$": INTEGER}, "unevaluatedProperties": False}, [{"é": 1}], [{"1": 1}]
    ),
    "unevaluated keys beside a slow pattern": fits(
        {"type": "object", "patternProperties": {"^(a+)+$": INTEGER}, "unevaluatedProperties": False},
        [{"a" * 40: 1}],
        [{"a" * 40 + "b": 1}],
    ),
    "unevaluated keys beside others of a type, in 2019-09": fits(
        {
            "$schema": "https://json-schema.org/draft/2019-09/schema",
            **obj(["a"], a=STRING),
            "allOf": [{"additionalProperties": {"type": ["integer", "string"]}}],
            "unevaluatedProperties": False,
        },
        [{"a": "x", "b": 1}],
        [{"a": "x", "b": None}],
    ),
    "unevaluated items beside boolean items, in 2019-09": fits(
        {
            "$schema": "https://json-schema.org/draft/2019-09/schema",
            **obj(x={"items": True, "unevaluatedItems": False}, y={"items": False, "unevaluatedItems": STRING}),
        },
        [{"x": [1], "y": []}],
        [{"x": [1], "y": ["a"]}],
    ),
    "unevaluated items after positions, in draft 7": fits(
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            **obj(x={"type": "array", "items": [STRING], "unevaluatedItems": INTEGER}),
        },
        [{"x": ["a", 1]}],
        [{"x": ["a", "b"]}],
    ),
    "oneOf where two fit": holds({"oneOf": [INTEGER, {"type": "number"}]}, [1.5], [1]),
    "anyOf of look-alikes": holds({"anyOf": [obj(a=STRING), obj(a=INTEGER)]}, [{"a": "x"}, {"a": 1}], [{"a": None}]),
    "anyOf of closed and open": holds(
        {"anyOf": [obj(a=STRING), {"type": "object"}]}, [{"a": "x"}, {"b": 1}, {"a": 3}], []
    ),
    "anyOf of bounds": holds(
        {"anyOf": [{"type": "string", "maxLength": 1}, {"type": "string", "minLength": 5}]}, ["a", "aaaaa"], ["aaa"]
    ),
    "anyOf whose branches differ in an enum": holds(
        {"anyOf": [obj(k={"enum": ["a", "b"]}, v=INTEGER), obj(k={"enum": ["c"]}, v=STRING)]},
        [{"k": "a", "v": 1}, {"k": "c", "v": "s"}],
        [{"k": "a", "v": "s"}],
    ),
    "anyOf of optional keys": holds(
        {"anyOf": [obj(["a"], a=STRING, b=INTEGER), obj(["a"], a=STRING, c=INTEGER)]},
        [{"a": "x", "c": 1}, {"a": "x", "b": 1}, {"a": "x"}],
        [{"b": 1}],
    ),
    "anyOf with one type, whose branches differ in a constant": holds(
        {"anyOf": [obj(s={"enum": ["c"]}, r={"type": "number"}), obj(s={"enum": ["q"]}, w={"type": "number"})]},
        [{"s": "c", "r": 1}, {"s": "q", "w": 2.5}],
        [{"s": "c", "w": 1}],
    ),
    "described union in a union": holds(
        {"anyOf": [{"anyOf": [obj(a=STRING), obj(b=STRING)], "description": "D"}, obj(a=INTEGER)]},
        [{"a": "x"}, {"b": "y"}, {"a": 1}],
        [{"a": None}],
    ),
    "union of references to unions": fits(
        {
            **obj(x={"anyOf": [{"$ref": "#/$defs/u"}, {"$ref": "#/$defs/v"}]}, y={"$ref": "#/$defs/u"}, z={"$ref": "#/$defs/v"}),
            "$defs": {"u": {"anyOf": [obj(a=STRING), INTEGER]}, "v": {"anyOf": [obj(a=INTEGER), STRING]}},
        },
        [{"x": {"a": "x"}, "y": 1, "z": "s"}, {"x": {"a": 1}, "y": {"a": "q"}, "z": {"a": 1}}],
        [{"x": {"a": None}, "y": 1, "z": "s"}],
    ),
    "pattern with lookaround": holds({"type": "string", "pattern": "^(?=a)a$"}, ["a"], ["b"]),
    **{
        f"pattern {pattern}": holds({"type": "string", "pattern": pattern}, [valid], [invalid])
        for pattern, valid, invalid in [
            ("^(?!foo)[a-z]+$", "barfoo", "foobar"),
            (r"^(?=.*\d)[a-z\d]{8,}$", "abcdefg1", "abcdefgh"),
            ("^(?=a|b)[(|)]*[ab]$|^c$", "c", "d"),
            ("^(?!(a|b)c)(?=a)", "ab", "ac"),
            ("^(?:[A-Za-z0-9-]{1,63}(?<!-)\\.)+[A-Za-z]{2,6}$", "a-b.c.de", "a-.de"),
            ("^((?!foo).)*$", "fofo", "afoo"),
            ("^(['\"]).*\\1$", "'a\"'", "'a\""),
            ("^[a-z]+(-[a-z]+)*(?<!x)$", "a-b", "a-x"),
        ]
    },
    "pattern with a class of letters": holds(
        {"type": "string", "pattern": "^\\d\\p{L}$"}, ["1a"], ["b"]
    ),
    "pattern and a line's end": holds(
        {"type": "string", "pattern": "^a$"}, ["a"], ["a\n"]
    ),
    "time of RFC 3339": holds(
        {"type": "string", "format": "time"}, ["03:04:05Z"], ["25"]
    ),
    **{
        f"format {name}, {valid}": holds({"type": "string", "format": name}, [valid], [invalid])
        for name, valid, invalid in [
            ("date", "2024-01-02", "2024-13-01"),
            ("email", "a@b.c", "x"),
            ("ipv4", "1.2.3.4", "1.2.3"),
            ("ipv6", "::1", "x"),
            ("uuid", "00000000-0000-0000-0000-000000000001", "x"),
            ("regex", "a+", "["),
            ("date-time", "2024-01-02T03:04:05Z", "x"),
            ("hostname", "a.b", "_ !"),
            ("duration", "P1D", "x"),
            ("uri", "http://a.b", "no uri"),
            ("uri-reference", "/a", "\\\\ x"),
            ("json-pointer", "/a", "a"),
            ("iri", "http://é.x", "x y"),
            ("iri", "http://ƒøø.ßår/?∂éœ=πîx#πîüx", "âππ"),
            ("iri-reference", "#ƒrägmênt", "#ƒräg\\mênt"),
            ("uri-template", "/{a}", "{a"),
        ]
    },
    "1,500 enum values": holds({"enum": [f"v{i}" for i in range(1500)]}, ["v7"], ["q"]),
    "an enum of 30,000 characters": holds({"enum": ["v" * 100 + str(i) for i in range(300)]}, ["v" * 100 + "7"], ["q"]),
}  # fmt: skip

DEEP_SCHEMA, DEEP_VALUE = STRING, "x"
for _ in range(30):
    DEEP_SCHEMA, DEEP_VALUE = obj(a=DEEP_SCHEMA), {"a": DEEP_VALUE}
CASES["30 levels of objects"] = fits(DEEP_SCHEMA, [DEEP_VALUE], [])


KNOWN_FAILURES: dict[str, str] = {}
"""Cases that fail today, with the reason. A line is removed when its case passes."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name, marks=[pytest.mark.xfail(strict=True, reason=KNOWN_FAILURES[name])] if name in KNOWN_FAILURES else []
        )
        for name in CASES
    ],
)
def test_a_value_that_fits_comes_back_equal_and_another_is_rejected(name, check_round_trip):
    schema, valid, invalid = CASES[name]
    check_round_trip(schema, *valid, extras="open")
    response_format = ResponseFormat(schema, extras="open")
    for value in invalid:
        with pytest.raises((InvalidOutput, SchemaError)):
            response_format.parse(json.dumps(response_format.dump(value)))


@pytest.mark.parametrize("name", CASES)
def test_a_value_is_written_exactly_or_with_what_stands_for_absent_or_not_at_all(name, wire_errors):
    schema, valid, _ = CASES[name]
    for dialect in ("openai", "anthropic"):
        response_format = ResponseFormat(schema, dialect=DIALECTS[dialect])
        for value in valid:
            with contextlib.suppress(SchemaError):
                wire = response_format.dump(value)
                assert wire_errors(response_format.schema, wire) == []
                assert is_completed(response_format.load(wire), value)


@pytest.mark.parametrize("draft", ["draft-04/schema#", "draft-06/schema#", "draft-07/schema#"])
@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("uuid", "00000000-0000-0000-0000-000000000001"),
        ("duration", "P1D"),
        ("date", "2024-01-02"),
        ("time", "03:04:05Z"),
        ("iri", "http://é.x"),
        ("json-pointer", "/a"),
        ("relative-json-pointer", "0/a"),
        ("idn-hostname", "é.x"),
    ],
)
def test_formats_are_validated_in_older_drafts_too(draft, name, valid):
    response_format = ResponseFormat(
        {"$schema": f"http://json-schema.org/{draft}", **obj(x={"type": "string", "format": name})}
    )
    assert response_format.load(response_format.dump({"x": valid})) == {"x": valid}
    with pytest.raises(InvalidOutput):
        response_format.load(response_format.dump({"x": "nope ^ ("}))


EMAILS = {
    "email": (
        ["a@b", "te~st@example.com", '"joe@bloggs"@example.com', "j@[127.0.0.1]", "j@[IPv6:::1]"],
        [
            "a@",
            "@b",
            "no @ address",
            ".a@b.c",
            "a.@b.c",
            "a..b@c",
            "a@-b",
            "a@b..c",
            "a@b=c",
            "<a@b>",
            "j@[127.0.0.300]",
        ],
    ),
    "idn-email": (["실례@실례.테스트"], ["a@", "실례"]),
}


@pytest.mark.parametrize("name", EMAILS)
def test_an_email_address_has_a_local_part_and_a_domain(name):
    response_format = ResponseFormat({"type": "string", "format": name})
    valid, invalid = EMAILS[name]
    assert all(response_format.read(json.dumps({"value": text})).valid for text in valid)
    assert [text for text in invalid if response_format.read(json.dumps({"value": text})).valid] == []


FEWER_VALUES = {
    "bounds beside an enum": ({"enum": [1, 5], "minimum": 3}, [5], [1]),
    "an excluded bound": ({**DRAFT_4, "enum": [3, 5], "minimum": 3, "exclusiveMinimum": True}, [5], [3]),
    "a length": ({"enum": ["a", "bb", "ccc"], "minLength": 2, "maxLength": 2}, ["bb"], ["a", "ccc"]),
    "a pattern": ({"enum": ["ab", "cd", None], "pattern": "^a"}, ["ab", None], ["cd"]),
    "not": ({"enum": ["a", "b", 1], "not": {"enum": ["a", 1.0]}}, ["b"], ["a", 1]),
    "no items": ({"type": "array", "items": False}, [[]], [[1], [None]]),
    "a format": ({"enum": ["2024-01-05", "x", 1], "format": "date"}, ["2024-01-05", 1], ["x"]),
    "a format that is referred to": (
        {"$defs": {"day": {"format": "date"}}, "enum": ["2024-01-05", "x"], "allOf": [{"$ref": "#/$defs/day"}]},
        ["2024-01-05"],
        ["x"],
    ),
    "if": ({"enum": ["a", "b", 3], "if": STRING, "then": {"const": "a"}}, ["a", 3], ["b"]),
    "anyOf beside an enum": ({"enum": ["a", "b"], "anyOf": [{"const": "a"}, {"const": "c"}]}, ["a"], ["b", "c"]),
    "types in anyOf": ({"enum": ["a", 1, None], "anyOf": [STRING, {"type": "null"}]}, ["a", None], [1]),
    "a rule beside anyOf": ({"anyOf": [{"const": "a"}, {"enum": ["b", "ab"]}], "pattern": "^a"}, ["a", "ab"], ["b"]),
    "two enums in oneOf": ({"oneOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, ["a", "c"], ["b"]),
    "an enum and a type in oneOf": ({"oneOf": [{"enum": ["a", 1.0]}, INTEGER]}, ["a", 2], [1]),
    "an enum and a pattern in oneOf": (
        {"oneOf": [{"enum": ["a", "b", 2]}, {"type": "string", "pattern": "^a"}]},
        ["b", 2, "aa"],
        [],
    ),
    "null in two branches": ({"oneOf": [{"enum": ["a", None]}, {"type": "null"}]}, ["a"], [None]),
}


@pytest.mark.parametrize("name", FEWER_VALUES)
def test_a_listed_value_that_a_rule_beside_it_excludes_is_not_asked_for(name):
    schema, valid, invalid = FEWER_VALUES[name]
    response_format = ResponseFormat(schema)
    assert all(response_format.load(response_format.dump(value)) == value for value in valid)
    for value in invalid:
        with pytest.raises((SchemaError, InvalidOutput)):
            response_format.load(response_format.dump(value))
    part = response_format.schema["properties"]["value"]
    texts = [
        json.dumps(each) for branch in part.get("anyOf", [part]) for each in branch.get("enum", [branch.get("const")])
    ]
    assert {*texts}.isdisjoint(map(json.dumps, invalid))


NO_VALUES = {
    "a rule beside the listed values excludes all of them": [
        {"const": "abc", "pattern": "^x"},
        {"enum": ["a", "b"], "minLength": 2},
        {"const": "x", "format": "date"},
        {"enum": ["a", "b"], "anyOf": [{"const": "c"}]},
    ],
    "a rule beside anyOf excludes all": [{"anyOf": [{"const": "a"}, {"enum": ["b", "c"]}], "minLength": 2}],
    "each one that fits a branch of oneOf fits another branch too": [{"oneOf": [{"enum": [1, 2]}, {"enum": [2, 1.0]}]}],
    "contains requires an item that items excludes": [
        {"type": "array", "items": {"enum": [1, 2]}, "contains": {"const": 3}},
        {"type": "array", "items": INTEGER, "contains": STRING},
        {"type": "array", "items": {"minimum": 3}, "contains": {"const": 2}},
        {"type": "array", "contains": False},
    ],
    "minContains 3 is above maxItems 2": [{"type": "array", "contains": STRING, "minContains": 3, "maxItems": 2}],
    "minContains 3 is above maxContains 2": [{"type": "array", "contains": STRING, "minContains": 3, "maxContains": 2}],
    '"x" is required, and propertyNames excludes it': [
        {"type": "object", "required": ["x"], "propertyNames": {"pattern": "^y"}},
        {**obj(["x"], x=STRING), "propertyNames": {"enum": ["y"]}},
    ],
    "the bounds have no such integer between them": [
        {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2},
        {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 10},
        {"type": "integer", "minimum": 1.1, "maximum": 1.9},
        {"type": "integer", "minimum": 1, "maximum": 4, "multipleOf": 2.5},
    ],
    "the bounds have no such number between them": [
        {"type": "number", "minimum": 1, "maximum": 4, "multipleOf": 5},
        {"type": "number", "exclusiveMinimum": 0.2, "exclusiveMaximum": 0.3, "multipleOf": 0.1},
    ],
    "minItems 2 is more than the 1 values of the items": [
        {"type": "array", "items": {"const": "a"}, "uniqueItems": True, "minItems": 2}
    ],
    "minItems 3 is more than the 2 values of the items": [
        {"type": "array", "items": {"enum": ["a", "b", "a"]}, "uniqueItems": True, "minItems": 3}
    ],
    "minItems 1 is above maxItems 0": [{"type": "array", "items": False, "minItems": 1}],
}


@pytest.mark.parametrize("reason", NO_VALUES)
def test_a_schema_that_rejects_all_that_it_lists_is_an_error_before_a_request(reason):
    for schema in NO_VALUES[reason]:
        with pytest.raises(SchemaError, match=f"no value can fit: {reason}"):
            ResponseFormat(schema)
        optional = ResponseFormat(obj([], a=schema, b=STRING))
        assert [*optional.schema["properties"]] == ["b"]


def test_a_property_that_property_names_excludes_is_not_asked_for():
    response_format = ResponseFormat({**obj([], a=STRING, b=STRING), "propertyNames": {"pattern": "^b"}})
    assert [*response_format.schema["properties"]] == ["b"]


def test_no_valid_value_of_a_large_union_is_left_out():
    words = [{"const": f"v{n}"} for n in range(400)]
    schema = {"oneOf": [*words, *({"type": "string", "pattern": f"^w{n}$"} for n in range(100))]}
    response_format = ResponseFormat(schema)
    for value in ("v0", "v399", "w0", "w99"):
        assert response_format.load(response_format.dump(value)) == value
    assert '"v399"' in json.dumps(response_format.schema)


def test_names_of_values_stay_with_the_values_of_one_branch():
    priorities = {"enum": [10, 20, 30], "x-enum-varnames": ["LOW", "MEDIUM", "HIGH"]}
    part = ResponseFormat({"oneOf": [priorities, {"const": 10}, {"const": 40}]}).schema["properties"]["value"]
    assert "20: MEDIUM; 30: HIGH" in json.dumps(part)


NOT_JSON = {
    "enum[0]: not a JSON Schema: a date is not JSON; write it as a text (in YAML, in quotes)": {
        "enum": [date(2024, 1, 5)]
    },
    "const: not a JSON Schema: a set is not JSON; write a list": {"const": {1}},
    "multipleOf: not a JSON Schema: a Decimal is not JSON": {"multipleOf": Decimal("0.1")},
    "type: not a JSON Schema: a type is not JSON; pass the class itself as the type, or write the name of a JSON type": {
        "type": int
    },
    "default: not a JSON Schema: the key (1,) is not a text": {"default": {(1,): 2}},
    "title: not a JSON Schema: a text has half of a surrogate pair": {"title": "\ud800"},
    "[\"$defs\"]: not a JSON Schema: 5 is not of type 'object'": {"$defs": 5, "type": "string"},
}


@pytest.mark.parametrize("message", NOT_JSON)
def test_a_document_that_is_not_json_is_rejected_with_its_place(message):
    with pytest.raises(SchemaError) as caught:
        ResponseFormat(NOT_JSON[message])
    assert str(caught.value) == message


@pytest.mark.parametrize("name", ["int32", "byte", "made-up"])
def test_a_format_that_is_not_validated_is_explained_as_such(name):
    response_format = ResponseFormat(obj(x={"type": "string", "format": name}))
    assert f'format "{name}": stated in the description, and not validated' in str(response_format.explain())


@pytest.mark.parametrize(
    ("pointer", "message"),
    [
        ("other", "'https://x.y/other' leads out of the document; nothing is fetched"),
        ("customer#/$defs/none", "leads nowhere"),
        ("customer#none", "leads nowhere"),
        ("http://[x", "not a valid URI"),
    ],
)
def test_a_reference_out_of_the_document_or_to_nowhere_is_rejected(pointer, message):
    schema = {"$id": "https://x.y/o", **obj(x={"$ref": pointer}), "$defs": {"customer": CUSTOMER, "none": STRING}}
    with pytest.raises(SchemaError, match=re.escape(message)):
        ResponseFormat(schema)


@pytest.mark.parametrize("schema", [*CASES.values()], ids=[*CASES])
def test_a_document_is_not_changed(schema):
    before = json.dumps(schema[0])
    with contextlib.suppress(SchemaError, KeyError, AttributeError):
        ResponseFormat(schema[0])
    assert json.dumps(schema[0]) == before


def test_a_document_with_properties_and_no_type_is_an_object_schema():
    response_format = ResponseFormat({"properties": {"a": STRING}}, extras="open")
    assert [*response_format.schema["properties"]] == ["a", "other_keys"]
    assert "assumed to be an object" in str(response_format.explain())
    with pytest.raises(SchemaError, match='"type"'):
        response_format.dump(3)


def test_dump_keeps_a_key_that_the_schema_does_not_forbid():
    response_format = ResponseFormat(obj(a=STRING), extras="open")
    assert response_format.load(response_format.dump({"a": "x", "b": 3})) == {"a": "x", "b": 3}


def pair(key: str) -> dict[str, Any]:
    return {"key": key, "value": 1}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object"}, []),
        ({"type": "object"}, [pair("a")]),
        ({"type": "object", "additionalProperties": INTEGER}, [pair("a")]),
        (obj([], a={"type": "object"}), {"a": None}),
        (obj([], a=INTEGER), {"a": None, "b": None}),
        ({"anyOf": [{"type": "object"}, STRING]}, []),
        ({"type": "array", "prefixItems": [STRING, INTEGER]}, {"item_0": "a", "item_1": 1, "rest": []}),
    ],
)
def test_an_invalid_value_never_comes_back_as_a_valid_one(schema, value):
    response_format = ResponseFormat(schema)
    with pytest.raises((InvalidOutput, SchemaError)):
        response_format.load(response_format.dump(value))


@pytest.mark.parametrize(
    "schema", [{"enum": [1.5, 2.0]}, {"type": "number", "enum": [1.5, 2.0]}, {"enum": [1.5, 2.0, 2]}]
)
def test_an_enum_of_floats_is_one_enum(schema):
    assert ResponseFormat(schema).schema["properties"]["value"] == {"type": "number", "enum": [1.5, 2.0]}


@pytest.mark.parametrize(("step", "number"), [(0.01, 19.99), (0.01, 1.1), (0.1, 0.3), (0.5, 10**400), (1e-300, 7)])
def test_a_multiple_is_decided_by_the_digits_as_written(step, number):
    response_format = ResponseFormat({"type": "number", "multipleOf": step})
    assert response_format.parse(json.dumps({"value": number})) == number
    for other in (step * 1.5, math.inf):
        with pytest.raises(InvalidOutput):
            response_format.load({"value": other})


def test_a_value_that_fills_the_stack_is_rejected_at_any_depth():
    schema = {"type": "object", "additionalProperties": {"if": {"$ref": "#"}, "then": {}}}
    response_format, value = ResponseFormat(schema), json.loads('{"a":' * 60 + "{}" + "}" * 60)

    def accepted(frames):
        if frames:
            return accepted(frames - 1)
        return response_format.read_natural(value).valid

    room = sys.getrecursionlimit() - len(inspect.stack())
    answers = [accepted(frames) for frames in range(room - 600, room - 300)]
    assert not all(answers)


CHAIN = {
    f"a{i}": {"anyOf": [{"$ref": f"#/$defs/a{i + 1}"}, {"$ref": f"#/$defs/a{i + 1}", "description": "x"}]}
    for i in range(24)
}


def twofold(word: str) -> dict[str, Any]:
    """Definitions in pairs, each a union of the next pair."""
    pairs = ((i, {word: [{"$ref": f"#/$defs/a{i + 1}"}, {"$ref": f"#/$defs/b{i + 1}"}]}) for i in range(24))
    chains = {f"{letter}{i}": part for i, part in pairs for letter in "ab"}
    return {**chains, "a24": STRING, "b24": {**STRING, "minLength": 2}}


HOSTILE = {
    "a pattern that backtracks": (
        obj(x={"type": "string", "pattern": "^(a+)+$"}),
        {"x": "a" * 40 + "b"},
    ),
    **{
        f"a pattern that backtracks: {pattern}": (obj(x={"type": "string", "pattern": pattern}), {"x": "a" * 40 + "!"})
        for pattern in (
            "^(?=(a+)+$)a",
            r"^(a*)*\1$",
            "(?<!b)(a|aa)+$",
            r"^(\w+\s?)*(?<!b)$",
        )
    },
    "an enum of 20,000 texts": (obj(x={"enum": [f"v{i}" for i in range(20_000)]}), {"x": 1}),
    "an enum of 20,000 objects": (obj(x={"enum": [{"a": i} for i in range(20_000)]}), {"x": 1}),
    "5,000 values of an enum of 5,000": (
        obj(x={"type": "array", "items": {"enum": [*range(5_000)]}}),
        {"x": [*range(1, 5_001)]},
    ),
    "10,000 items of which two are the same": (
        obj(x={"type": "array", "uniqueItems": True, "items": obj(a=INTEGER)}),
        {"x": [{"a": i} for i in [*range(10_000), 0]]},
    ),
    **{
        f"a long {name} that is invalid": (
            obj(x={"type": "string", "format": name}),
            {"x": "http://é.x/" + "a" * 100_000 + " "},
        )
        for name in ("iri", "iri-reference")
    },
    "a pattern that reads a long text from each place": (
        obj(x={"type": "string", "pattern": "(?<!b)[^b]*b"}),
        {"x": "a" * 1_000_000},
    ),
    "a pattern for keys that backtracks": (
        {"type": "object", "patternProperties": {"^(a+)+$": INTEGER}, "additionalProperties": False},
        {"value": [{"key": "a" * 40 + "b", "value": 1}]},
    ),
    "a union that doubles 24 times": (
        {**obj(x={"$ref": "#/$defs/a0"}), "$defs": {**CHAIN, "a24": STRING}},
        {"x": 1},
    ),
    **{
        f"two chains of {word} that hold each other": (
            {**obj(["y"], x={"$ref": "#/$defs/a0"}, y=STRING), "$defs": twofold(word)},
            {"x": 1},
        )
        for word in ("anyOf", "oneOf", "allOf")
    },
    "300 arrays": (
        obj(x=json.loads('{"type": "array", "items": ' * 300 + '{"type": "string"}' + "}" * 300)),
        {"x": 1},
    ),
    "400 objects": (
        json.loads('{"type": "object", "properties": {"a": ' * 400 + '{"type": "string"}' + "}}" * 400),
        {"a": 1},
    ),
    "2,000 properties": (obj(**{f"p{i}": STRING for i in range(2000)}), {"p0": 1}),
    "1,000 branches": (obj(x={"anyOf": [obj(**{f"k{i}": STRING}) for i in range(1000)]}), {"x": 1}),
    "1,000 look-alikes": (obj(x={"anyOf": [obj(k={"const": f"v{i}"}) for i in range(1000)]}), {"x": 1}),
}

MAX_CPU_S = 20
"""CPU time of one hostile case, of which 1 s is the import; what is not bounded takes hours."""

IN_A_PROCESS = f"""
import json, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, ({MAX_CPU_S}, {MAX_CPU_S}))
except ImportError:  # Windows
    pass
from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError
schema, reply = json.load(sys.stdin)
try:
    ResponseFormat(schema).parse(json.dumps(reply))
except (InvalidOutput, SchemaError):
    print("rejected")

"""


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, Future[subprocess.CompletedProcess[str]]]]:
    """Run every hostile case in a process of its own, as many at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(run, schema, reply) for name, (schema, reply) in HOSTILE.items()}


def run(schema: dict[str, Any], reply: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS],
        input=json.dumps([schema, reply]),
        capture_output=True,
        text=True,
        timeout=600,  # only against a wait that uses no CPU
        check=False,
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_and_reply_are_rejected_in_bounded_time(name, runs):
    done = runs[name].result()
    assert done.stdout == "rejected\n", done.stderr[-300:]


LONG_TEXT = {"type": "string", "minLength": 5}


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"anyOf": [{"$ref": "#"}, {"type": "integer"}]}, "x", "Input should be an integer"),
        ({"oneOf": [{"$ref": "#"}, {"type": "integer"}]}, "x", "Input should be an integer"),
        ({"anyOf": [{"anyOf": [{"$ref": "#"}]}, {"type": "integer"}]}, "x", "Input should be an integer"),
        ({"anyOf": [{"allOf": [{"$ref": "#"}]}, {"type": "integer"}]}, "x", "Input should be an integer"),
        ({"minimum": 3, "anyOf": [{"$ref": "#"}, {"type": "integer"}]}, "x", "Input should be an integer"),
        (
            {
                "anyOf": [{"$ref": "#/$defs/text"}, {"type": "integer"}],
                "$defs": {"text": {"anyOf": [{"$ref": "#"}, LONG_TEXT]}},
            },
            "x",
            "String should have at least 5 characters",
        ),
    ],
)
def test_a_wrong_value_of_a_schema_that_is_one_of_its_own_branches_is_explained(schema, value, message):
    [issue] = ResponseFormat(schema).read(json.dumps({"value": value})).issues
    assert issue.message == message


TEXT_ITEM, NUMBER_ITEM = {"type": "string"}, {"type": "integer"}


@pytest.mark.parametrize("extras", ["closed", "open"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"prefixItems": [NUMBER_ITEM]}, {"prefixItems": [{"minimum": 3}, TEXT_ITEM]}),
        ({"prefixItems": [NUMBER_ITEM], "items": TEXT_ITEM}, {"prefixItems": [{"minimum": 3}, {"minLength": 1}]}),
        ({"prefixItems": [NUMBER_ITEM, TEXT_ITEM]}, {"prefixItems": [{"minimum": 3}]}),
        ({"items": [NUMBER_ITEM, TEXT_ITEM]}, {"items": [{"minimum": 3}], "additionalItems": {"minLength": 1}}),
        ({"items": [NUMBER_ITEM, TEXT_ITEM]}, {"items": {"type": ["integer", "string"], "minimum": 3}}),
    ],
)
def test_the_positions_of_arrays_in_an_all_of_are_merged(
    first: dict[str, Any], second: dict[str, Any], extras: Any
) -> None:
    draft = {"$schema": "http://json-schema.org/draft-07/schema#"} if isinstance(first.get("items"), list) else {}
    schema = {**draft, "allOf": [{"type": "array", **first}, second]}
    response_format = ResponseFormat(schema, extras=extras)
    item_0, item_1 = (response_format.schema["properties"]["value"]["properties"][f"item_{n}"] for n in (0, 1))
    assert item_0["anyOf"][0] == {"type": "integer", "minimum": 3}
    assert "string" in str(item_1)
    for value in ([], [4], [4, "a"]):
        assert response_format.load(response_format.dump(value)) == value


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"prefixItems": [TEXT_ITEM, NUMBER_ITEM], "allOf": [{"prefixItems": [True, TEXT_ITEM]}]}, [[], ["a"]]),
        ({"prefixItems": [NUMBER_ITEM, NUMBER_ITEM], "allOf": [{"prefixItems": [TEXT_ITEM]}]}, [[]]),
        ({"prefixItems": [NUMBER_ITEM], "allOf": [{"prefixItems": [TEXT_ITEM]}]}, [[]]),
        ({"prefixItems": [TEXT_ITEM, {"enum": []}]}, [[], ["a"]]),
    ],
)
def test_a_tuple_ends_before_a_position_that_no_value_fits(schema: dict[str, Any], values: list[Any]) -> None:
    response_format = ResponseFormat({"type": "array", **schema})
    for value in values:
        assert response_format.load(response_format.dump(value)) == value
    with pytest.raises(SchemaError):
        ResponseFormat({"type": "array", "minItems": 2, **schema})


def test_items_that_only_an_open_schema_asks_for_are_an_error_that_advises_it() -> None:
    schema = {"type": "array", "allOf": [{"prefixItems": [NUMBER_ITEM]}, {"prefixItems": [True, TEXT_ITEM]}]}
    with pytest.raises(SchemaError, match='extras="open"'):
        ResponseFormat(schema).dump([1, "a", 2])
    wire = {"value": {"item_0": 1, "item_1": "a", "rest": [2]}}
    assert ResponseFormat(schema, extras="open").dump([1, "a", 2]) == wire


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"items": {"enum": []}}, [[]]),
        ({"items": TEXT_ITEM, "allOf": [{"items": NUMBER_ITEM}]}, [[]]),
        ({"items": {"const": 1}, "allOf": [{"items": {"type": "object"}}]}, [[]]),
        (
            {"prefixItems": [TEXT_ITEM], "items": TEXT_ITEM, "allOf": [{"prefixItems": [True], "items": NUMBER_ITEM}]},
            [[], ["a"]],
        ),
        ({"maxItems": 0, "allOf": [{"unevaluatedItems": False}]}, [[]]),
    ],
)
def test_an_array_whose_items_no_value_fits_is_empty(schema: dict[str, Any], values: list[Any]) -> None:
    response_format = ResponseFormat({"type": "array", **schema})
    for value in values:
        assert response_format.load(response_format.dump(value)) == value
    with pytest.raises(SchemaError):
        ResponseFormat({"type": "array", "minItems": 2, **schema})

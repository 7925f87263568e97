"""Examples for a description, in the form of the wire, so that a model can copy it."""

from __future__ import annotations

import json

from structkit.schema.nodes.node import Node
from structkit.values import JSON, JSONValue

MAX_EXAMPLE_CHARS = 500
"""Characters of all examples of one description. An example is never shortened: half of one would mislead."""


def example_texts(schema: JSON, node: Node) -> tuple[list[str], int]:
    """Return the examples of a schema as JSON texts, and the number of those that are too long.

    `examples` may also be a dict with a `value` in each item, and `example` a single one, as in OpenAPI.

    >>> from structkit.schema.nodes import MapNode, ScalarNode
    >>> node = MapNode(ScalarNode({"type": "string"}), ScalarNode({"type": "integer"}))
    >>> example_texts({"example": {"lamps": 3}}, node)
    (['[{"key": "lamps", "value": 3}]'], 0)
    """
    texts = dict.fromkeys(_wire_text(node, example) for example in _examples(schema))
    fitting: list[str] = []
    for text in texts:
        if sum(map(len, fitting)) + len(text) <= MAX_EXAMPLE_CHARS:
            fitting.append(text)
    return fitting, len(texts) - len(fitting)


def _examples(schema: JSON) -> list[JSONValue]:
    examples = schema.get("examples", [])
    if isinstance(examples, dict):
        examples = [each.get("value", each) if isinstance(each, dict) else each for each in examples.values()]
    single = [schema["example"]] if "example" in schema else []
    return [*(examples if isinstance(examples, list) else [examples]), *single]


def _wire_text(node: Node, example: JSONValue) -> str:
    try:
        wire = node.dump(example)
    except Exception:  # noqa: BLE001 (an example need not fit, and the definitions it needs may not be complete)
        wire = example
    return json.dumps(wire, ensure_ascii=False, default=str)

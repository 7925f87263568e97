"""Branches of a union that become one node, and their descriptions as alternatives."""

from __future__ import annotations

import json

from structkit.schema.json_schema.vocabulary import ANNOTATIONS
from structkit.schema.nodes.context import Compiler
from structkit.schema.nodes.description import describe, description_of, without_description
from structkit.schema.nodes.node import Node
from structkit.values import JSON
from structkit.values.text import end_sentence


def unique_branches(parts: list[JSON], nodes: list[Node], compiler: Compiler) -> tuple[list[JSON], list[Node]]:
    """Return the branches without duplicates; the descriptions of duplicates are alternatives."""
    groups: list[list[int]] = []
    groups_by_schema: dict[str, list[list[int]]] = {}
    for position, node in enumerate(nodes):
        bare = without_description(node)
        similar = groups_by_schema.setdefault(json.dumps(bare.schema), [])
        group = next((each for each in similar if without_description(nodes[each[0]]) == bare), None)
        if group is None:
            group = []
            groups.append(group)
            similar.append(group)
        group.append(position)
    first_parts = [parts[group[0]] for group in groups]
    return first_parts, [_join_duplicates(group, parts, nodes, compiler) for group in groups]


def _join_duplicates(group: list[int], parts: list[JSON], nodes: list[Node], compiler: Compiler) -> Node:
    """Return the first of some nodes that differ in their descriptions at most, with all of these."""
    node = nodes[group[0]]
    if len(group) == 1:
        return node
    other = "any value" if node.kind == "any" else f"any {node.kind}"
    text = join_descriptions([parts[each] for each in group], [nodes[each] for each in group], other, compiler)
    return describe(without_description(node), text)


def join_descriptions(parts: list[JSON], nodes: list[Node], other: str, compiler: Compiler) -> str:
    """Return the descriptions of branches as alternatives.

    Args:
        parts: The schemas of the branches.
        nodes: Their nodes.
        other: The text for a branch without a description, unless it has the rules of one that has.
        compiler: What has compiled them.
    """
    texts = dict.fromkeys(filter(None, map(description_of, nodes)))
    branches = [*zip(parts, nodes, strict=True)]
    described_rules = [_rules(part, compiler) for part, node in branches if description_of(node)]
    for part, node in branches:
        if texts and description_of(node) is None and _rules(part, compiler) not in described_rules:
            texts[other] = None
    return " Or: ".join(map(end_sentence, texts)) if len(texts) > 1 else "".join(texts)


def _rules(part: JSON, compiler: Compiler) -> JSON:
    """Return what a branch says of its values, apart from descriptions."""
    return {word: value for word, value in compiler.resolve(part).items() if word not in ANNOTATIONS}

"""The size of the strict schemas of ten ordinary types: as a type, as pydantic's JSON Schema, and of other libraries.

Run it:  python benchmarks/wire_size.py [--here]

Sizes are estimated tokens of the compact JSON: a quarter of its characters. The schemas are part of every request.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from structkit import ResponseFormat
from structkit.costs.budget import estimate_tokens

PEERS = Path(__file__).parent / "peers"
sys.path.insert(0, str(PEERS))

from libraries import LIBRARIES, environment, run_quietly  # noqa: E402
from ordinary_types import TYPES  # noqa: E402

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "structkit-compare"


def size(schema: dict[str, Any]) -> int:
    """Return the estimated tokens of a schema."""
    return estimate_tokens(json.dumps(schema, separators=(",", ":"), ensure_ascii=False))


def own_schemas(output_type: Any) -> list[dict[str, Any]]:
    """Return structkit's schemas of a type, of its JSON Schema, and of that with all that it allows."""
    document = output_type.model_json_schema()
    formats = ResponseFormat(output_type), ResponseFormat(document), ResponseFormat(document, extras="open")
    return [each.schema for each in formats]


def peer_schemas() -> list[list[dict[str, Any]]]:
    """Return the schemas of openai and pydantic-ai for each type, from an environment that has both."""
    library = next(each for each in LIBRARIES if each.name == "pydantic-ai")
    python = environment(library, CACHE)
    schemas: list[list[dict[str, Any]]] = json.loads(run_quietly(str(python), str(PEERS / "strict_schemas.py")))
    return schemas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--here", action="store_true", help="structkit only: install nothing")
    peers = [[] for _ in TYPES] if parser.parse_args().here else peer_schemas()
    rows = [[*map(size, own_schemas(each)), *map(size, peer_row)] for each, peer_row in zip(TYPES, peers, strict=True)]
    heads = ["type", "structkit", "its JSON Schema", 'with extras="open"', "openai", "pydantic-ai"][: 1 + len(rows[0])]
    print(f"| {' | '.join(heads)} |\n|---|{'--:|' * len(rows[0])}")
    for each, row in zip(TYPES, rows, strict=True):
        print(f"| {each.__name__} | {' | '.join(map(str, row))} |")
    print(f"| together | {' | '.join(f'{sum(column):,}' for column in zip(*rows, strict=True))} |")


if __name__ == "__main__":
    main()

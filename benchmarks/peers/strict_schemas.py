"""Print the strict schemas that openai and pydantic-ai make of the ordinary types; run in an environment with both."""

import json

from openai.lib._pydantic import to_strict_json_schema
from ordinary_types import TYPES
from pydantic_ai.profiles.openai import OpenAIJsonSchemaTransformer

print(
    json.dumps(
        [
            [to_strict_json_schema(each), OpenAIJsonSchemaTransformer(each.model_json_schema(), strict=True).walk()]
            for each in TYPES
        ]
    )
)

"""Stream a value over HTTP while it grows: each line of the response is the value so far, as JSON.

Run it:  pip install fastapi uvicorn && uvicorn --app-dir recipes web_stream:app
Try it:  curl -N http://127.0.0.1:8000/recipes -H 'content-type: application/json' -d '{"dish": "pancakes"}'

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL.
"""

import os
from collections.abc import AsyncIterator
from functools import cache

from fastapi import FastAPI  # pyright: ignore[reportMissingImports]
from fastapi.responses import StreamingResponse  # pyright: ignore[reportMissingImports]
from pydantic import BaseModel, Field, TypeAdapter

import structkit


class Dish(BaseModel):
    dish: str


class Recipe(BaseModel):
    title: str
    ingredients: list[str] = Field(max_length=12)
    steps: list[str] = Field(max_length=8)


@cache
def client() -> structkit.AsyncClient:
    """One client for all requests of the process: it keeps connections open."""
    return structkit.AsyncClient(os.environ.get("STRUCTKIT_MODEL", "local"), max_tokens=800)


async def lines(dish: str) -> AsyncIterator[bytes]:
    """Yield the recipe so far, a JSON object on each line; the last line is the recipe, or an error."""
    adapter = TypeAdapter[object](object)
    try:
        async with client().stream(Recipe, f"A short recipe for {dish}.") as stream:
            async for partial in stream:
                yield adapter.dump_json(partial, exclude_unset=True) + b"\n"
    except structkit.StructkitError as error:
        yield adapter.dump_json({"error": type(error).__name__}) + b"\n"  # its text is for your log, not for users


def stream_recipe(body: Dish) -> StreamingResponse:
    """Answer a request; a client that disconnects ends the stream, and with it the request to the model."""
    return StreamingResponse(lines(body.dish), media_type="application/jsonl")


app = FastAPI()
app.add_api_route("/recipes", stream_recipe, methods=["POST"])

"""The recipes run against a scripted endpoint, and the main one against the embedded model."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import structkit
from structkit.testing import Endpoint, Reply, call, completion

ROOT = Path(__file__).parent.parent
RECIPES = ROOT / "recipes"
MATH_REQUEST = {
    "model": "gpt-4o-2024-08-06",
    "messages": [
        {
            "role": "system",
            "content": "You are a helpful math tutor. Guide the user through the solution step by step.",
        },
        {"role": "user", "content": "9.11和9.8谁大"},
    ],
}


def run_recipe(name: str, endpoint: Endpoint, model: str = "fake") -> list[str]:
    """Return the lines that a recipe prints when it is run as its first lines say."""
    settings = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "sk-recipes", "STRUCTKIT_MODEL": model}
    environment = {**os.environ, **settings, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, str(RECIPES / name)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def prompt_of(body: dict[str, Any]) -> str:
    """Return the prompt of a request."""
    return str(body["messages"][-1]["content"])


def text_reply(answer: Callable[[str], object]) -> Callable[[dict[str, Any]], Reply]:
    """Return a function that replies with the JSON of *answer* to the prompt."""
    return lambda body: Reply(completion(json.dumps(answer(prompt_of(body)))))


def test_the_math_tutor_sends_the_published_example_and_prints_its_steps() -> None:
    steps = [{"explanation": "Compare the tenths: 1 and 8.", "output": "0.11 < 0.8"}]
    with Endpoint(json.dumps({"steps": steps, "final_answer": "9.8"})) as endpoint:
        printed = run_recipe("math_tutor.py", endpoint, "gpt-4o-2024-08-06")
    assert printed == ["1. Compare the tenths: 1 and 8.", "   0.11 < 0.8", "Answer: 9.8"]
    body = endpoint.requests[0]
    assert {name: body[name] for name in MATH_REQUEST} == MATH_REQUEST
    assert body["response_format"]["json_schema"]["name"] == "math_reasoning"


def test_the_classifier_labels_every_review_once() -> None:
    with Endpoint(text_reply(lambda text: {"value": "negative" if "again" in text else "positive"})) as endpoint:
        printed = [line.split("\t") for line in run_recipe("classifier.py", endpoint)]
    rows = (RECIPES / "data" / "reviews.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [label_id for label_id, _, _ in printed] == [row.partition(",")[0] for row in rows]
    assert [text for _, _, text in printed] == [prompt_of(body) for body in endpoint.requests]
    assert all(label == ("negative" if "again" in text else "positive") for _, label, text in printed)


def test_the_folder_recipe_keeps_the_order_and_continues_after_an_invalid_letter() -> None:
    def answer(text: str) -> object:
        sender, day = (line.partition(": ")[2] for line in text.splitlines()[:2])
        return {"sender": sender, "sent_on": "some day" if sender == "Ingrid Solberg" else day}

    def reply(body: dict[str, Any]) -> Reply:
        letter = body["messages"][2]["content"]  # after the example's two turns; further ones are feedback
        return Reply(completion(json.dumps(answer(letter))))

    with Endpoint(reply) as endpoint:
        printed = run_recipe("folder.py", endpoint)
    assert printed[0] == '01-heating.txt\t{"sender":"Maria Kowalski","sent_on":"2026-01-12"}'
    assert printed[1] == '02-invoice.txt\t{"sender":"James Okafor","sent_on":"2026-01-15"}'
    assert printed[2].startswith("03-thanks.txt\tfailed: no valid letter in 3 attempts")
    assert printed[-1] == '05-keys.txt\t{"sender":"Yuki Tanaka","sent_on":"2026-01-27"}'


def test_the_quote_is_made_of_what_the_model_looks_up() -> None:
    def reply(body: dict[str, Any]) -> Any:
        results = [json.loads(each["content"]) for each in body["messages"] if each["role"] == "tool"]
        if not results:
            return [call("find_articles", word="green tea"), call("find_articles", word="milk")]
        lines = [
            {"article": articles[0]["number"], "quantity": quantity, "price": articles[0]["price"]}
            for articles, quantity in zip(results, (4, 12), strict=True)
        ]
        return json.dumps({"customer": "Northwind Traders", "lines": lines})

    with Endpoint(reply) as endpoint:
        printed = run_recipe("quote.py", endpoint)
    assert printed == [
        "looked up: {'word': 'green tea'}",
        "looked up: {'word': 'milk'}",
        "Northwind Traders 72.40",
    ]


@pytest.mark.local
def test_the_invoice_recipe_extracts_a_validated_record_with_the_embedded_model() -> None:
    if find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed: pip install 'structkit-llm[local]'")
    invoice_type = runpy.run_path(str(RECIPES / "invoice.py"))["Invoice"]
    text = (RECIPES / "data" / "invoice.txt").read_text(encoding="utf-8")
    invoice = structkit.Client("local").extract(invoice_type, text)
    assert isinstance(invoice, invoice_type)
    assert invoice.model_dump() == {
        "seller": "Northwind Traders Ltd",
        "invoice_number": "NW-2291",
        "issued": date(2026, 3, 14),
        "total": Decimal("253.50"),
    }

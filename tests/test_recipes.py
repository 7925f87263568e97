"""The recipes run against a scripted endpoint, and the main one against the embedded model."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import re
import runpy
import shlex
import shutil
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
from structkit.cli.app import app, run
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


def run_recipe(
    name: str, endpoint: Endpoint, model: str = "fake", arguments: tuple[str, ...] = (), folder: Path = ROOT
) -> list[str]:
    """Return the lines that a recipe prints when it is run as its first lines say."""
    settings = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": "sk-recipes", "STRUCTKIT_MODEL": model}
    environment = {**os.environ, **settings, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, str(RECIPES / name), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
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


def test_the_recipe_of_two_prompts_compares_them_with_gold() -> None:
    def answer(body: dict[str, Any]) -> Reply:
        has_examples = len(body["messages"]) > 1
        word = "negative" if "again" in prompt_of(body) and has_examples else "positive"
        return Reply(completion(json.dumps({"value": word})))

    with Endpoint(answer) as endpoint:
        printed = run_recipe("compare_prompts.py", endpoint)
    assert len(endpoint.requests) == 24
    assert sum(line.startswith("| value | 12 |") for line in printed) == 2
    assert any(line.startswith("| value | 0.500 | 0.") and line.endswith("| too few rows |") for line in printed)


LOOP = re.compile(r"<!-- loop -->\n\n```sh\n(.*?)```", re.DOTALL)
MISREAD = {"The lamp is brighter", "Great coffee grinder", "Five minutes to set up", "Broke after a week"}
"""Of the reviews that the embedded model misreads without examples."""


@pytest.fixture
def run_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[[], list[str]]:
    """Run the commands of the loop in docs/review.md in a folder, and return what each of them prints."""
    page = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")
    shutil.copytree(RECIPES, tmp_path / "recipes", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)

    def run_command(line: str) -> str:
        arguments = shlex.split(line)[1:]
        code = run(lambda: app(arguments, standalone_mode=True))
        printed = capfdbinary.readouterr()
        assert code == 0, printed.err
        return printed.out.decode()

    return lambda: [run_command(line) for line in "".join(LOOP.findall(page)).splitlines()]


def check_loop(folder: Path, printed: list[str]) -> tuple[float, float]:
    """Check that all that was saved is in the gold, and return the F1 of the first and of the second prompt."""
    assert (folder / "review.html").stat().st_size > 10_000
    gold = (RECIPES / "data" / "reviews_gold.csv").read_text(encoding="utf-8")
    assert (folder / "gold.csv").read_text(encoding="utf-8").splitlines() == gold.splitlines()
    first = re.search(r"^\| value \| 12 \| (\d\.\d+) \|", printed[3], re.MULTILINE)
    compared = re.search(r"^\| value \| (\d\.\d+) \| (\d\.\d+) \| [+-]", printed[5], re.MULTILINE)
    assert first
    assert compared
    assert first[1] == compared[1]
    return float(compared[1]), float(compared[2])


def test_the_loop_from_labels_to_a_better_prompt_runs_as_documented(
    run_loop: Callable[[], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {text: word for word, text in reviews_of_gold()}

    def answer(body: dict[str, Any]) -> Reply:
        has_examples, prompt = len(body["messages"]) > 1, prompt_of(body)
        word = next(word for text, word in words.items() if text in prompt)
        is_misread = not has_examples and any(part in prompt for part in MISREAD)
        other = "positive" if word == "negative" else "negative"
        return Reply(completion(json.dumps({"value": other if is_misread else word})))

    with Endpoint(answer) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-recipes")
        monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
        printed = run_loop()
    assert len(endpoint.requests) == 24
    assert check_loop(tmp_path, printed) == (0.667, 1.0)


@pytest.mark.local
def test_the_loop_from_labels_to_a_better_prompt_runs_with_the_embedded_model(
    run_loop: Callable[[], list[str]], tmp_path: Path
) -> None:
    if find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed: pip install 'structkit-llm[local]'")
    first, second = check_loop(tmp_path, run_loop())
    assert second > first  # Several rows at once are one batch of the model, whose size can turn a close answer over.


def reviews_of_gold() -> list[tuple[str, str]]:
    """Return the label and the text of each review."""
    tables = []
    for name in ("reviews_gold.csv", "reviews.csv"):
        with (RECIPES / "data" / name).open(encoding="utf-8", newline="") as file:
            tables.append([*csv.DictReader(file)])
    return [(gold["value"], row["text"]) for gold, row in zip(*tables, strict=True)]


def test_the_folder_recipe_keeps_the_order_and_continues_after_an_invalid_letter() -> None:
    def answer(text: str) -> object:
        sender, day = (line.partition(": ")[2] for line in text.splitlines()[:2])
        return {"sender": sender, "sent_on": "some day" if sender == "Ingrid Solberg" else day}

    def reply(body: dict[str, Any]) -> Reply:
        texts = [message["content"] for message in body["messages"] if message["role"] == "user"]
        letter = [text for text in texts if text.startswith("From: ")][-1]  # after an example, and before feedback
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


def test_the_recipe_of_a_pdf_invoice_says_where_each_value_is() -> None:
    lines = [{"item": "Desk lamp", "quantity": 3, "price": "24.50"}, {"item": "Desk", "quantity": 1, "price": "180.00"}]
    invoice = {"seller": "Northwind Traders Ltd", "invoice_number": "NW-2291", "issued": "2026-03-14", "lines": lines}
    with Endpoint(json.dumps({**invoice, "total": "253.50"})) as endpoint:
        printed = run_recipe("pdf_invoice.py", endpoint)
    assert "Item\tQuantity\tPrice\nDesk lamp\t3\t24.50" in prompt_of(endpoint.requests[0])
    assert any(line.startswith("('issued',) '14 March 2026' page 1 [") for line in printed)
    assert any(line.startswith("('lines', 1, 'price') '180.00' page 2 [") for line in printed)
    assert printed[-1] == "not in the document: ()"


def test_the_recipe_of_a_contract_says_on_which_page_each_term_is() -> None:
    parties = {"supplier": "Harbour Cloud Ltd", "customer": "Fenwick Dental Group", "starts": "2026-10-01"}
    terms = {"monthly_fee": "1480", "notice_days": 90, "liability_limit": "50000", "governing_law": "Scotland"}
    with Endpoint(json.dumps({**parties, **terms})) as endpoint:
        printed = run_recipe("contract.py", endpoint)
    assert [line.split("\t") for line in printed] == [
        ["supplier", "Harbour Cloud Ltd", "page 1", ""],
        ["customer", "Fenwick Dental Group", "page 1", "one of several places"],
        ["starts", "2026-10-01", "page 1", ""],
        ["monthly_fee", "1480", "page 2", ""],
        ["notice_days", "90", "page 2", ""],
        ["liability_limit", "50000", "page 3", ""],
        ["governing_law", "Scotland", "not in the contract", ""],
    ]


def test_the_recipe_of_a_novel_lists_each_person_with_all_places_of_the_name() -> None:
    occupations = {"Jonas Vik": "ferryman", "Ellen Marsh": "schoolteacher", "Doctor Hale": "physician"}

    def answer(part: str) -> object:
        people = [(name, occupations.get(name)) for name in (*occupations, "Agnes Holm", "Tobias") if name in part]
        return {"people": [{"name": name, "occupation": each} for name, each in (*people, ("Captain Reed", "sailor"))]}

    with Endpoint(text_reply(answer)) as endpoint:
        printed = [line.split("\t") for line in run_recipe("novel.py", endpoint)]
    text = (RECIPES / "data" / "novel.txt").read_text(encoding="utf-8")
    assert len(endpoint.requests) == 3
    assert {name: occupation for name, occupation, *_ in printed} == {**occupations, "Agnes Holm": "", "Tobias": ""}
    for name, _, *offsets in printed:
        assert [int(each) for each in offsets] == [each.start() for each in re.finditer(name, text)]


def test_the_photo_recipe_sends_the_image_and_checks_the_total() -> None:
    lines = [{"item": "Espresso", "amount": "5.00"}, {"item": "Croissant", "amount": "2.40"}]
    receipt = {"shop": "CAFE NOIR", "time": "2026-03-14T10:12:00", "lines": lines, "total": "7.40"}
    with Endpoint(json.dumps({**receipt, "total": "7.04"}), json.dumps(receipt)) as endpoint:
        printed = run_recipe("photo.py", endpoint)
    assert json.loads("\n".join(printed)) == receipt
    text, image = endpoint.requests[0]["messages"][-1]["content"]
    assert text["text"] == "A receipt, as it is printed."
    assert image["image_url"]["url"].startswith("data:image/png;base64,")
    assert image["image_url"]["detail"] == "high"
    assert "add up to 7.40, not to 7.04" in endpoint.requests[1]["messages"][-1]["content"]


def test_the_chat_recipe_goes_on_with_the_conversation() -> None:
    orders = [["coffee"], ["coffee", "cake"], ["coffee", "cake"]]
    replies = [json.dumps({"items": items, "is_complete": number == 2}) for number, items in enumerate(orders)]
    with Endpoint(replies) as endpoint:
        printed = run_recipe("chat.py", endpoint)
    assert printed == [
        "Two coffees, please. -> coffee",
        "And a slice of cake. -> coffee, cake",
        "That is all, thank you. -> coffee, cake (complete)",
    ]
    roles = [message["role"] for message in endpoint.requests[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]


def test_the_fallback_recipe_asks_the_large_model_where_the_small_one_fails() -> None:
    def reply(body: dict[str, Any]) -> Reply:
        urgency = 9 if body["model"] == "small" and "parcel" in prompt_of({"messages": body["messages"][:1]}) else 3
        return Reply(completion(json.dumps({"team": "delivery", "urgency": urgency})))

    with Endpoint(reply) as endpoint:
        printed = run_recipe("fallback.py", endpoint, arguments=("small", "large"))
    assert printed == ["delivery\t3\tby large in 3 attempts", "delivery\t3\tby small in 1 attempts"]


def test_the_cache_recipe_sends_no_request_twice(tmp_path: Path) -> None:
    with Endpoint('{"value": true}') as endpoint:
        printed = run_recipe("cached.py", endpoint, folder=tmp_path)
        assert [line.split("\t")[2] for line in printed] == ["15 tokens", "15 tokens", "from the cache"]
        next_lines = run_recipe("cached.py", endpoint, folder=tmp_path)
    assert [line.split("\t")[2] for line in next_lines] == ["from the cache"] * 3
    assert len(endpoint.requests) == 2


def test_the_notebook_runs_from_top_to_bottom() -> None:
    with Endpoint('{"mood": "negative", "product": null}') as endpoint:
        printed = run_recipe("notebook.py", endpoint)
    assert "mood='negative' product=None 1 ()" in printed
    assert len([line for line in printed if line.startswith("negative\t")]) == 3
    assert len(endpoint.requests) == 4


def test_the_tracing_recipe_has_a_span_for_each_attempt() -> None:
    with Endpoint('{"name": "Ada", "age": -1}', '{"name": "Ada", "age": 36}') as endpoint:
        first, second, value, task = run_recipe("tracing.py", endpoint)
    assert first.startswith("chat fake: attempt 1, 5 tokens")
    assert "greater than or equal to 0" in first
    assert (second, value) == ("chat fake: attempt 2, 5 tokens", "name='Ada' age=36")
    assert task.startswith("read people:")


def test_the_program_of_instructor_runs() -> None:
    person = {"name": "Ada Lovelace", "age": 36}

    def reply(body: dict[str, Any]) -> Reply:
        schema = json.dumps(body["response_format"])
        invalid = {**person, "name": "Bob"} if len(endpoint.requests) == 1 else person
        return Reply(completion(json.dumps({"value": [person]} if "array" in schema else invalid)))

    with Endpoint(reply) as endpoint:
        printed = run_recipe("from_instructor.py", endpoint)
    assert printed[0] == "name='Ada Lovelace' age=36"
    assert printed[1] == "Ada Lovelace 1 attempts"
    assert printed[-2:] == ["name='Ada Lovelace' age=36", "Ada Lovelace"]
    assert "the name must be copied from the text" in endpoint.requests[1]["messages"][-1]["content"]


def test_the_program_of_pydantic_ai_runs() -> None:
    def reply(body: dict[str, Any]) -> Any:
        arrivals = [each for each in body["messages"] if each["role"] == "user"]
        if not any(each["role"] == "tool" for each in body["messages"]):
            return call("today")
        if len(arrivals) == 1:
            return json.dumps({"city": "Oslo", "arrival": "2026-03-10"})
        return json.dumps({"city": "Oslo", "arrival": "2026-03-22" if "later" in str(body) else "2026-03-21"})

    with Endpoint(reply) as endpoint:
        first, second = run_recipe("from_pydantic_ai.py", endpoint)
    assert first.startswith("city='Oslo' arrival=datetime.date(2026, 3, 21)")
    assert second == "city='Oslo' arrival=datetime.date(2026, 3, 22)"


def test_the_web_recipe_streams_the_value_as_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The application is called as a server calls it, without one."""
    pytest.importorskip("fastapi", reason="needs fastapi")
    reply = {"title": "Pancakes", "ingredients": ["flour", "milk"], "steps": ["Stir.", "Bake."]}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"dish": "pancakes"}', "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/recipes", "headers": headers, "query_string": b""}
    with Endpoint(json.dumps(reply)) as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint.base_url)
        monkeypatch.setenv("STRUCTKIT_MODEL", "fake")
        app = runpy.run_path(str(RECIPES / "web_stream.py"))["app"]
        asyncio.run(app({**scope, "asgi": {"spec_version": "2.4"}}, receive, send))
    assert sent[0]["status"] == 200
    lines = [json.loads(line) for line in b"".join(each.get("body", b"") for each in sent[1:]).splitlines()]
    assert lines[-1] == reply
    assert len(lines) > 2

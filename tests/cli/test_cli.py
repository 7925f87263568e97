"""The command line as a process: what it prints and its exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from structkit.testing import Endpoint, Reply, completion

KEY = "sk-test-hunter2-hunter2"

TYPES = """
from decimal import Decimal
from pydantic import BaseModel

class Bill(BaseModel):
    shop: str
    total: Decimal
    tip: int = 0

class Outer:
    class Inner(BaseModel):
        n: int
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "types_of_mine.py").write_text(TYPES, encoding="utf-8")
    (tmp_path / "bill.txt").write_text("Café Noir, 12.50", encoding="utf-8")
    return tmp_path


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint('{"shop": "Café Noir", "total": "12.50", "tip": null}') as endpoint:
        yield endpoint


def structkit(
    folder: Path, *arguments: str, endpoint: Endpoint | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI")}
    if endpoint:
        environment |= {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": KEY, "STRUCTKIT_MODEL": "fake"}
    return subprocess.run(
        [sys.executable, "-P", "-m", "structkit", *arguments],
        cwd=folder,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_extract_prints_the_value_in_the_form_of_its_type(folder: Path, endpoint: Endpoint) -> None:
    done = structkit(folder, "extract", "bill.txt", "--type", "types_of_mine.py:Bill", endpoint=endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"shop": "Café Noir", "total": "12.50", "tip": 0}
    assert "Café" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="its pipes have another error")
@pytest.mark.parametrize("files", [1, 40])
def test_a_command_whose_output_nobody_reads_ends_without_a_word(folder: Path, endpoint: Endpoint, files: int) -> None:
    for number in range(files):
        (folder / f"{number}.txt").write_text("Café Noir, 12.50", encoding="utf-8")
    names = [f"{number}.txt" for number in range(files)]
    environment = {**os.environ, "OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": KEY, "STRUCTKIT_MODEL": "fake"}
    program = [sys.executable, "-P", "-m", "structkit", "extract", *names, "--type", "types_of_mine.py:Bill"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(program, cwd=folder, env=environment, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
    assert len(endpoint.requests) <= 10, "files after those in flight are not sent"


def test_extract_reads_stdin_and_takes_every_option(folder: Path, endpoint: Endpoint) -> None:
    options = ["--prompt", "Read: {text}", "--instructions", "Be brief.", "--temperature", "0", "--max-tokens", "50"]
    arguments = ["extract", "-", "--type", "types_of_mine:Bill", *options, "-o", "out.json"]
    done = structkit(folder, *arguments, endpoint=endpoint, stdin="12.50 {x}")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert json.loads((folder / "out.json").read_text(encoding="utf-8"))["tip"] == 0
    sent = endpoint.requests[0]
    assert [message["content"] for message in sent["messages"]] == ["Be brief.", "Read: 12.50 {x}"]
    assert (sent["temperature"], sent["max_tokens"]) == (0, 50)


def test_a_json_schema_file_is_a_type(folder: Path) -> None:
    schema = {"title": "Count", "type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    (folder / "count.json").write_text(json.dumps(schema), encoding="utf-8")
    with Endpoint('{"n": 3}') as endpoint:
        done = structkit(folder, "extract", "bill.txt", "--type", "count.json", endpoint=endpoint)
    assert json.loads(done.stdout) == {"n": 3}


def test_a_json_schema_is_closed_unless_its_extras_are_open(folder: Path) -> None:
    (folder / "count.json").write_text('{"type": "object", "properties": {"n": {"type": "integer"}}}', encoding="utf-8")
    for options, names in (((), ["n"]), (("--extras", "open"), ["n", "other_keys"])):
        done = structkit(folder, "schema", "count.json", *options)
        assert [*json.loads(done.stdout)["json_schema"]["schema"]["properties"]] == names
    with Endpoint('{"n": 3, "other_keys": [{"key": "m", "json": "4"}]}') as endpoint:
        done = structkit(folder, "extract", "bill.txt", "--type", "count.json", "--extras", "open", endpoint=endpoint)
    assert json.loads(done.stdout) == {"n": 3, "m": 4}


def test_extras_of_a_type_that_is_no_json_schema_are_rejected(folder: Path) -> None:
    done = structkit(folder, "schema", "types_of_mine.py:Bill", "--extras", "open")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--extras open is for a JSON Schema" in done.stderr


def test_schema_keeps_the_settings_of_a_response_format(folder: Path) -> None:
    module = 'import structkit\nFORMAT = structkit.ResponseFormat({"type": "object", "properties": {}}, name="x", extras="open")'
    (folder / "formats.py").write_text(module, encoding="utf-8")
    payload = json.loads(structkit(folder, "schema", "formats.py:FORMAT", "--dialect", "vllm").stdout)["json_schema"]
    assert payload["name"] == "x"
    assert payload["schema"]["properties"]["value"]["type"] == "array"


def test_schema_prints_the_payload(folder: Path) -> None:
    done = structkit(folder, "schema", "types_of_mine.py:Outer.Inner")
    payload = json.loads(done.stdout)
    assert payload["json_schema"]["name"] == "inner"
    assert payload["json_schema"]["strict"] is True


def test_schema_compares_vendors_side_by_side(folder: Path) -> None:
    done = structkit(
        folder, "schema", "types_of_mine.py:Bill", "--explain", "--dialect", "openai", "--dialect", "gemini"
    )
    assert done.stdout.startswith("| where | what | openai | gemini |\n")
    done = structkit(folder, "schema", "types_of_mine.py:Bill", "--explain", "--dialect", "all")
    assert "| anthropic |" in done.stdout.splitlines()[0]


def test_schema_prints_the_payload_of_a_vendor(folder: Path) -> None:
    (folder / "n.json").write_text('{"type": "integer", "minimum": 3}', encoding="utf-8")
    bounds = {
        name: json.loads(structkit(folder, "schema", "n.json", "--dialect", name).stdout)["json_schema"]["schema"]
        for name in ("openai", "anthropic")
    }
    assert bounds["openai"]["properties"]["value"] == {"type": "integer", "minimum": 3}
    assert bounds["anthropic"]["properties"]["value"] == {"type": "integer", "description": "At least 3."}


def test_a_payload_is_for_one_vendor(folder: Path) -> None:
    done = structkit(folder, "schema", "types_of_mine.py:Bill", "--dialect", "all")
    assert (done.returncode, done.stdout) == (2, "")
    assert "compare them with --explain" in done.stderr


def test_schema_explains(folder: Path) -> None:
    done = structkit(folder, "schema", "types_of_mine.py:Bill", "--explain")
    assert done.stdout == "tip  rewritten        may be absent: null on the wire, 0 applies\n"


def test_models_lists_names(folder: Path, endpoint: Endpoint) -> None:
    done = structkit(folder, "models", endpoint=endpoint)
    assert json.loads(done.stdout) == ["fake"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["extract", "missing.txt", "--type", "types_of_mine.py:Bill"], "cannot read 'missing.txt'"),
        (["extract", "latin1.txt", "--type", "types_of_mine.py:Bill"], "not UTF-8"),
        (["extract", "bill.txt", "--type", "types_of_mine.py"], "write path"),
        (["extract", "bill.txt", "--type", "missing.py:Bill"], "there is no file 'missing.py'"),
        (["extract", "bill.txt", "--type", "missing_module:Bill"], "'missing_module' fails to import"),
        (["extract", "bill.txt", "--type", "types_of_mine.py:Bil"], "has no 'Bil'"),
        (["extract", "bill.txt", "--type", "broken.py:Bill"], "fails to import: NameError: name 'nope'"),
        (["extract", "bill.txt", "--type", "leaves.py:Bill"], "fails to import: SystemExit"),
        (["extract", "bill.txt", "--type", "no_text.py:Bill"], "fails to import: Fault, whose text cannot be read"),
        (["extract", "bill.txt", "--type", "list.json"], "not a JSON Schema"),
        (["extract", "bill.txt", "--type", "types_of_mine.py:TYPE"], "has no 'TYPE'"),
        (["extract", "bill.txt", "--type", "types_of_mine.py:Bill", "--prompt", "{x}"], "asks for {x}"),
        (["extract", "bill.txt", "--type", "types_of_mine.py:Bill", "--prompt", "Total?"], "write {text} where"),
        (["extract", "bill.txt", "--type", "types_of_mine.py:Bill", "--prompt", "{{ text }}"], "write {text} for"),
        (["extract", "bill.txt", "--type", "types_of_mine.py:Bill", "--prompt", ""], "no placeholder"),
        (["extract", "empty.txt", "--type", "types_of_mine.py:Bill", "--prompt", "Total? {text}"], "nothing to read"),
        (["extract", "bill.txt", "--type", "types_of_mine.py:Bill", "--base-url", "gateway"], "http"),
        (["extract", "bill.txt", "--type", "types_of_mine.py:Bill", "-o", "no/out.json"], "cannot write"),
        (["schema", "types_of_mine.py:Outer"], "has no JSON form"),
        (["serve", "--model", "gpt-4o"], "only embedded models"),
        (["serve", "--model", "local:missing.gguf"], "no model file"),
    ],
)
def test_a_mistake_is_one_clear_line_and_exit_code_2(
    folder: Path, endpoint: Endpoint, arguments: list[str], message: str
) -> None:
    (folder / "broken.py").write_text("x = nope\n", encoding="utf-8")
    (folder / "leaves.py").write_text("raise SystemExit(0)\n", encoding="utf-8")
    no_text = "class Fault(Exception):\n    def __str__(self):\n        raise KeyError\n\n\nraise Fault\n"
    (folder / "no_text.py").write_text(no_text, encoding="utf-8")
    (folder / "list.json").write_text("[]", encoding="utf-8")
    (folder / "empty.txt").write_text(" \n", encoding="utf-8")
    (folder / "latin1.txt").write_bytes("Café".encode("latin-1"))
    done = structkit(folder, *arguments, endpoint=endpoint)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("reply", "code", "message"),
    [
        (Reply({"error": {"message": f"Incorrect API key: {KEY}"}}, status=401), 3, "StatusError"),
        (Reply("<html>sign in</html>"), 3, "MalformedReply"),
        (Reply(completion(None, refusal="No.")), 4, "Refusal"),
        (Reply(completion('{"shop', finish_reason="length")), 4, "Truncated"),
        (Reply(completion('{"shop": 3}')), 4, "InvalidOutput"),
    ],
)
def test_the_exit_code_says_who_has_to_act(folder: Path, reply: Reply, code: int, message: str) -> None:
    with Endpoint(reply) as endpoint:
        done = structkit(folder, "extract", "bill.txt", "--type", "types_of_mine.py:Bill", endpoint=endpoint)
    assert done.returncode == code
    assert done.stderr.startswith(message)
    assert KEY not in done.stderr
    assert done.stdout == ""


def test_without_an_endpoint_or_the_extra_the_error_says_what_to_do(folder: Path) -> None:
    hide = "import sys; sys.modules['xllamacpp'] = None; import structkit.cli; structkit.cli.main()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI", "STRUCTKIT"))}
    command = [sys.executable, "-c", hide, "extract", "bill.txt", "--type", "types_of_mine.py:Bill"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "OPENAI_API_KEY" in done.stderr
    assert "structkit-llm[local]" in done.stderr


def test_ctrl_c_stops_without_a_traceback(folder: Path) -> None:
    with Endpoint(Reply(completion("{}"), delay=20)) as endpoint:
        environment = {**os.environ, "OPENAI_BASE_URL": endpoint.base_url, "STRUCTKIT_MODEL": "fake"}
        command = [sys.executable, "-m", "structkit", "extract", "bill.txt", "--type", "types_of_mine.py:Bill"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
        while not endpoint.requests:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, message = process.communicate(timeout=600)
    assert process.returncode == 130
    assert message == "stopped\n"


def test_ctrl_c_while_the_command_line_is_imported_stops_without_a_traceback(folder: Path) -> None:
    program = """
import sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from structkit.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped\n")


def test_ctrl_c_in_a_destructor_stops_without_a_traceback(folder: Path) -> None:
    types = """
import os, signal
from pydantic import BaseModel

class Bill(BaseModel):
    total: int

class Temporary:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass

Temporary()
"""
    (folder / "interrupted.py").write_text(types, encoding="utf-8")
    command = [sys.executable, "-m", "structkit", "schema", "interrupted.py:Bill"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped\n")


def test_an_output_that_cannot_be_written_is_rejected_before_anything_is_sent(folder: Path, endpoint: Endpoint) -> None:
    for output in (".", "missing/out.json"):
        done = structkit(
            folder, "extract", "bill.txt", "--type", "types_of_mine.py:Bill", "-o", output, endpoint=endpoint
        )
        assert done.returncode == 2
    assert endpoint.requests == []


def test_a_type_file_may_have_the_name_of_a_standard_module(folder: Path) -> None:
    (folder / "types.py").write_text(TYPES, encoding="utf-8")
    assert structkit(folder, "schema", "types.py:Bill").returncode == 0


def test_version_is_the_packages(folder: Path) -> None:
    import structkit as package

    assert structkit(folder, "--version").stdout.strip() == package.__version__
    assert structkit(folder, "-V").stdout == structkit(folder, "--version").stdout
    assert structkit(folder, "-h").stdout == structkit(folder, "--help").stdout
    assert structkit(folder, "label", "-h").stdout == structkit(folder, "label", "--help").stdout


@pytest.mark.parametrize("command", ["extract", "schema", "models", "serve", "probe"])
def test_every_command_shows_an_example(folder: Path, command: str) -> None:
    done = structkit(folder, command, "--help")
    assert done.returncode == 0
    assert f"Example: structkit {command}" in done.stdout


def test_a_text_is_read_in_the_encoding_of_the_option(folder: Path, endpoint: Endpoint) -> None:
    (folder / "latin1.txt").write_bytes("café".encode("cp1252"))
    command = ["extract", "latin1.txt", "--type", "types_of_mine.py:Bill", "--encoding", "cp1252"]
    done = structkit(folder, *command, endpoint=endpoint)
    assert done.returncode == 0, done.stderr
    assert "café" in str(endpoint.requests[0]["messages"])


def test_any_parameter_and_header_is_sent_from_the_command_line(folder: Path, endpoint: Endpoint) -> None:
    options = ["--set", "enable_thinking=false", "--set", "reasoning_effort=low", "--header", "X-Title: a: b"]
    options += ["--seed", "7", "--mode", "json_object", "--max-completion-tokens", "90", "--timeout", "30"]
    done = structkit(folder, "extract", "bill.txt", "--type", "types_of_mine.py:Bill", *options, endpoint=endpoint)
    assert done.returncode == 0, done.stderr
    sent = endpoint.requests[0]
    names = ("enable_thinking", "reasoning_effort", "seed", "max_completion_tokens", "response_format")
    assert [sent[name] for name in names] == [False, "low", 7, 90, {"type": "json_object"}]
    assert endpoint.headers[0]["x-title"] == "a: b"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "thinking"], "expected NAME=JSON"),
        (["--set", "stream=true"], "structkit sets itself"),
        (["--set", "a=1", "--set", "a=2"], "set twice"),
        (["--seed", "1", "--set", "seed=2"], "an option of its own"),
        (["--set", "enable_thinking=False"], "enable_thinking: False is not JSON; write false"),
        (["--set", "a=None"], "a: None is not JSON; write null"),
        (["--set", "a=NaN"], "a number that JSON can represent"),
        (["--set", "a={bad"], "quote JSON for the shell"),
        (["--set", 'a={"b": NaN}'], "quote JSON for the shell"),
        (["--set", "a=[1"], "quote JSON for the shell"),
        (["--set", "instructions=hi"], "use --instructions"),
        (["--set", "policy=1"], "only Python has this argument"),
        (["--set", 'fallback=["m"]'], "only Python has this argument"),
        (["--set", 'extra_body={"extra_body": 1}'], "--set NAME=JSON for each"),
        (["--set", "api_key=hunter2"], "set OPENAI_API_KEY"),
        (["--set", "response_format=1"], "pass the type with --type, and --mode to choose"),
        (["--set", "messages=[]"], "--prompt and --instructions"),
        (["--max-tokens", "5", "--max-completion-tokens", "6"], "two names of one limit"),
        (["--header", "hunter2"], "expected 'NAME: VALUE'"),
        (["--mode", "json_shema"], "did you mean 'json_schema'?"),
        (["--dialect", "opnai"], "did you mean 'openai'?"),
    ],
)
def test_an_option_that_cannot_be_sent_is_rejected_before_sending(
    folder: Path, endpoint: Endpoint, options: list[str], message: str
) -> None:
    done = structkit(folder, "extract", "bill.txt", "--type", "types_of_mine.py:Bill", *options, endpoint=endpoint)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "hunter2" not in done.stderr
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ("temprature=0", "did you mean 'temperature'?"),
        ("max_retries=3", "Policy(retries=..., attempts=...)"),
        ("timeout=3", "use --timeout"),
        ("system=hi", "use --instructions"),
    ],
)
def test_a_field_with_an_unusual_name_is_sent_with_a_notice(
    folder: Path, endpoint: Endpoint, setting: str, hint: str
) -> None:
    command = ["extract", "bill.txt", "--type", "types_of_mine.py:Bill", "--set", setting]
    done = structkit(folder, *command, endpoint=endpoint)
    assert done.returncode == 0, done.stderr
    assert hint in " ".join(done.stderr.split())
    assert setting.partition("=")[0] in endpoint.requests[0]


@pytest.mark.parametrize("command", ["extract", "label"])
def test_a_parameter_that_is_left_out_is_named_on_stderr(folder: Path, command: str) -> None:
    (folder / "rows.csv").write_text("text\ntea\nrye\n", encoding="utf-8")
    arguments = ["bill.txt"] if command == "extract" else ["rows.csv", "-o", "out.csv", "--prompt", "{text}"]
    error = Reply({"error": {"message": "temperature is not supported"}}, status=400)

    def reply(request: Any) -> Reply:
        return error if "temperature" in request else completion('{"value": 3}')

    (folder / "number.json").write_text('{"type": "integer"}', encoding="utf-8")
    with Endpoint(reply) as endpoint:
        options = ["--type", "number.json", "--temperature", "0", "--seed", "7"]
        done = structkit(folder, command, *arguments, *options, endpoint=endpoint)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("does not accept the parameter temperature") == 1
    assert "seed" not in done.stderr


@pytest.mark.parametrize("template", ["Look: {text}", "Look: {{ text }}"])
def test_a_prompt_about_an_image_has_no_text_to_ask_for(folder: Path, endpoint: Endpoint, template: str) -> None:
    (folder / "prompt.j2").write_text(template, encoding="utf-8")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    prompt = ["--prompt-file", "prompt.j2"] if "{{" in template else ["--prompt", template]
    command = ["extract", "photo.png", "--type", "types_of_mine.py:Bill", *prompt]
    done = structkit(folder, *command, endpoint=endpoint)
    assert done.returncode == 2
    assert "has no text: leave {text} out" in " ".join(done.stderr.split())
    assert endpoint.requests == []


def test_a_header_of_the_command_line_is_in_every_request_of_a_probe(folder: Path, endpoint: Endpoint) -> None:
    done = structkit(folder, "probe", "fake", "--header", "X-Title: a: b", endpoint=endpoint)
    assert done.returncode == 0, done.stderr
    assert {headers["x-title"] for headers in endpoint.headers} == {"a: b"}


def test_the_evidence_of_a_value_is_printed_beside_it(folder: Path) -> None:
    (folder / "types_of_mine.py").write_text(TYPES.replace("tip: int = 0", "tip: int | None"), encoding="utf-8")
    with Endpoint('{"shop": "Café Noir", "total": "12.50", "tip": 77}') as endpoint:
        arguments = ("extract", "bill.txt", "--type", "types_of_mine.py:Bill", "--prompt", "Not 77: {text}")
        plain = structkit(folder, *arguments, "--evidence", endpoint=endpoint)
        null = structkit(folder, "extract", "--evidence", "null", *arguments[1:], endpoint=endpoint)
        several = structkit(folder, *arguments, "bill.txt", "--evidence=require", endpoint=endpoint)
        misspelt = structkit(folder, *arguments, "--evidence=nul", endpoint=endpoint)
    printed = json.loads(plain.stdout)
    assert printed["value"]["tip"] == 77
    assert printed["evidence"] == [
        {"path": "shop", "spans": [[0, 9]], "how": "exact", "text": "Café Noir"},
        {"path": "total", "spans": [[11, 16]], "how": "number", "text": "12.50"},
        {"path": "tip", "spans": [], "how": "", "text": ""},
    ]
    assert json.loads(null.stdout)["value"]["tip"] is None
    assert null.stderr == "bill.txt: tip: not in the text, so it is null (got 77)\n"
    assert [json.loads(line)["value"]["tip"] for line in several.stdout.splitlines()] == [None, None]
    assert [*json.loads(several.stdout.splitlines()[0])] == ["file", "value", "evidence"]
    assert (misspelt.returncode, "--evidence must be null or require" in misspelt.stderr) == (2, True)


def test_a_page_shows_the_values_in_the_text_of_the_file(folder: Path) -> None:
    arguments = ("extract", "bill.txt", "--type", "types_of_mine.py:Bill", "--prompt", "Not 77: {text}")
    with Endpoint('{"shop": "Café Noir", "total": "12.50", "tip": 77}') as endpoint:
        done = structkit(folder, *arguments, "--show", "out.html", endpoint=endpoint)
        several = structkit(folder, *arguments, "bill.txt", "--show", "out.html", endpoint=endpoint)
        replaced = structkit(folder, *arguments, "--show", "bill.txt", endpoint=endpoint)
        nowhere = structkit(folder, *arguments, "--show", "no/out.html", endpoint=endpoint)
        assert len(endpoint.requests) == 1
    assert json.loads(done.stdout)["shop"] == "Café Noir", "without --evidence, the output is as before"
    page = (folder / "out.html").read_text(encoding="utf-8")
    assert "<title>bill.txt</title>" in page
    assert '"how":"exact","places":[[0,9,0]]' in page
    assert "Not 77" not in page
    assert (several.returncode, "--show makes the page of one file" in several.stderr) == (2, True)
    assert (replaced.returncode, "is a file that is read" in replaced.stderr) == (2, True)
    assert (nowhere.returncode, "its folder does not exist" in nowhere.stderr) == (2, True)


def test_evidence_needs_a_text(folder: Path, endpoint: Endpoint) -> None:
    (folder / "scan.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    arguments = ("extract", "scan.png", "--type", "types_of_mine.py:Bill", "--prompt", "What was paid?", "--evidence")
    process = structkit(folder, *arguments, endpoint=endpoint)
    assert (process.returncode, endpoint.requests) == (2, [])
    assert "needs a text to look in" in process.stderr

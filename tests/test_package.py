"""The package: its name, its public names, what an import loads, its typing."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import structkit
from structkit.testing import Endpoint

NAMES = [
    "Answer",
    "AsyncClient",
    "AsyncStream",
    "Attempt",
    "BudgetExceeded",
    "Calibration",
    "Client",
    "Compare",
    "Completion",
    "Confidence",
    "ConfidenceMap",
    "ConfigError",
    "ConnectionFailed",
    "Document",
    "Evidence",
    "EvidenceMap",
    "ExtractionError",
    "File",
    "Filtered",
    "Found",
    "Hooks",
    "InvalidOutput",
    "Issue",
    "JinjaTemplate",
    "Job",
    "JobError",
    "Judged",
    "MalformedReply",
    "Message",
    "Origin",
    "Partial",
    "Policy",
    "Price",
    "PromptError",
    "REPAIRS",
    "Refusal",
    "Request",
    "RequestTimeout",
    "ResponseFormat",
    "Result",
    "SQLiteStore",
    "SchemaError",
    "Score",
    "ScoreComparison",
    "Span",
    "StatusError",
    "Stream",
    "StructkitError",
    "TextSource",
    "Tool",
    "ToolError",
    "ToolRun",
    "TransportError",
    "Truncated",
    "Usage",
    "__version__",
    "compare",
    "evaluate",
    "find_evidence",
    "finetune_rows",
    "prompt",
    "soft",
]


def test_the_public_names_are_these() -> None:
    assert sorted(structkit.__all__) == NAMES
    assert all(hasattr(structkit, name) for name in NAMES)


def test_the_version_is_that_of_the_distribution() -> None:
    assert structkit.__version__ == version("structkit-llm")


ROOT = Path(__file__).parent.parent
WARNING = "`pip install structkit` installs another project"
OTHER_PROJECT = re.compile(r"pip3? install\b[^\n`]*?[\s'\"=]structkit(?![\w.-])|structkit\[")
TEXTS = ("*.md", "*.py", "*.toml", "*.yml", "*.yaml", "run")


def repository_texts() -> list[Path]:
    """Return every text file of the repository: documentation, code, recipes, tests and settings."""
    folders = ("docs", "recipes", "structkit", "tests", "benchmarks", ".ci", ".github")
    inside = [path for folder in folders for kind in TEXTS for path in (ROOT / folder).rglob(kind)]
    return [*inside, *(path for kind in TEXTS for path in ROOT.glob(kind))]


@pytest.mark.parametrize("text", ["pip install structkit", "pip install -q 'structkit[local]'", "see structkit[otel]"])
def test_a_hint_that_installs_another_project_is_recognised(text: str) -> None:
    assert OTHER_PROJECT.search(text)
    assert not OTHER_PROJECT.search(text.replace("structkit", "structkit-llm"))


def test_no_text_says_to_install_the_other_project_of_this_name() -> None:
    files = [path for path in repository_texts() if path != Path(__file__)]
    assert {path.name for path in files} >= {"README.md", "index.md", "errors.py", "pyproject.toml", "classifier.py"}
    for path in files:
        text = path.read_text(encoding="utf-8").replace(WARNING, "")
        assert OTHER_PROJECT.search(text) is None, path


def test_the_requirements_that_pages_install_are_valid() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    texts = (page.read_text(encoding="utf-8") for page in pages)
    requirements = [Requirement(each) for text in texts for each in re.findall(r"pip install '(\S+ @ \S+)'", text)]
    assert [each.name for each in requirements] == ["structkit-llm"]


def test_the_page_on_installing_warns_of_the_other_project() -> None:
    assert WARNING in (ROOT / "docs" / "index.md").read_text(encoding="utf-8").replace("\n", " ")


OPTIONAL_MODULES = [
    *("openai", "httpx2", "httpcore2", "urllib3", "requests", "jsonschema", "rich", "typer", "xllamacpp"),
    *("tenacity", "asyncio", "sqlite3", "pyarrow", "opentelemetry", "anyio", "difflib"),
]
LOADED = """
import sys
{before}
before = {{*sys.modules}}
{code}
print(sorted({{*sys.modules}} - before))
"""
CALL = "structkit.Client('m', base_url=sys.argv[1], api_key='k').extract(list[int], 'x')"
AWAITED = "import asyncio; asyncio.run(structkit.AsyncClient('m', base_url=sys.argv[1]).extract(list[int], 'x'))"


def loaded(code: str, before: str = "", address: str = "") -> set[str]:
    """Return the modules that some code loads, except those that pydantic and the coverage tool have loaded."""
    python = [sys.executable, "-c", LOADED.format(code=code, before=before), address]
    done = subprocess.run(python, capture_output=True, text=True, check=True)
    return {*ast.literal_eval(done.stdout.splitlines()[-1])}


BY_JSON_SCHEMA = "import structkit; structkit.ResponseFormat({'properties': {'page': {'format': 'iri'}}}).read('{}')"


def test_validating_by_a_json_schema_does_not_build_the_grammar_of_iris() -> None:
    modules = loaded(BY_JSON_SCHEMA)
    assert "jsonschema._format" in modules
    assert modules.isdisjoint({"lark", "rfc3987_syntax"})


@pytest.mark.slow
def test_the_grammar_of_iris_is_built_when_another_validator_needs_it() -> None:
    program = f"{BY_JSON_SCHEMA}; from jsonschema import Draft7Validator as D; assert not D.FORMAT_CHECKER.conforms('x y', 'iri')"
    assert "rfc3987_syntax.syntax_helpers" in loaded(program)


def test_importing_loads_nothing_but_itself() -> None:
    assert loaded("import structkit", "import typing") <= {"structkit"}


def test_a_name_loads_only_its_module() -> None:
    modules = loaded("import structkit; structkit.Policy, structkit.ConfigError", "import pydantic.main")
    assert {name.split(".")[1] for name in modules if name.startswith("structkit.")} == {"values", "errors"}
    modules = loaded("import structkit; structkit.Client('m', api_key='k')", "import pydantic.main, http.client")
    assert (
        modules & {*OPTIONAL_MODULES, "structkit.batch", "structkit.client.probing", "structkit.transport.direct"}
        == set()
    )


def test_a_call_loads_no_sdk_and_uses_the_http_client_of_the_standard_library() -> None:
    with Endpoint() as endpoint:
        before = "import pydantic.main, pydantic.json_schema, http.client"
        modules = loaded(f"import structkit; {CALL}", before, endpoint.base_url)
    assert (
        modules & {*OPTIONAL_MODULES, "structkit.batch", "structkit.client.probing", "structkit.transport.openai_sdk"}
        == set()
    )
    assert not modules & {"structkit.evidence", "structkit.confidence", "structkit.client.loop_stops"}
    assert "structkit.transport.http.http_client_pool" in modules


def test_an_async_call_loads_no_http_library() -> None:
    with Endpoint() as endpoint:
        modules = loaded(f"import structkit; {AWAITED}", "import pydantic.main", endpoint.base_url)
    assert modules & {"openai", "httpx2", "jsonschema", "tenacity", "rich"} == set()


def test_every_public_name_can_be_listed_and_imported() -> None:
    assert {*NAMES} <= {*dir(structkit)}
    namespace: dict[str, object] = {}
    exec("from structkit import *", namespace)
    assert {name: namespace[name] for name in NAMES} == {name: getattr(structkit, name) for name in NAMES}


def test_names_that_need_a_database_are_loaded_on_first_use() -> None:
    from structkit.batch.job import Job
    from structkit.costs.price import Price

    assert (structkit.Job, structkit.Price) == (Job, Price)
    with pytest.raises(AttributeError, match="no attribute 'Jobs'"):
        _ = structkit.Jobs  # type: ignore[attr-defined]


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(structkit.__file__).parent / "py.typed").is_file()


def test_every_error_has_one_exit_code_from_its_family() -> None:
    families = {structkit.ConfigError: 2, structkit.TransportError: 3, structkit.ExtractionError: 4}
    for name in structkit.__all__:
        error = getattr(structkit, name)
        if isinstance(error, type) and issubclass(error, structkit.StructkitError):
            codes = {code for family, code in families.items() if issubclass(error, family)}
            assert codes <= {error.exit_code}

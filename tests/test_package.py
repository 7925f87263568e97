"""The package as a whole: its names, its weight at import, its typing."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import structkit

NAMES = [
    "Answer",
    "AsyncClient",
    "Attempt",
    "BudgetExceeded",
    "Client",
    "Completion",
    "ConfigError",
    "ConnectionFailed",
    "ExtractionError",
    "Filtered",
    "Hooks",
    "InvalidOutput",
    "Issue",
    "Job",
    "JobError",
    "MalformedReply",
    "Message",
    "Origin",
    "Policy",
    "Price",
    "PromptError",
    "Refusal",
    "Request",
    "RequestTimeout",
    "ResponseFormat",
    "Result",
    "SchemaError",
    "StatusError",
    "StructkitError",
    "TransportError",
    "Truncated",
    "Usage",
    "__version__",
    "finetune_rows",
    "prompt",
    "soft",
]


def test_the_public_names_are_these() -> None:
    assert sorted(structkit.__all__) == NAMES
    assert all(hasattr(structkit, name) for name in NAMES)


def test_the_version_is_the_distributions() -> None:
    assert structkit.__version__ == version("structkit")


def test_importing_loads_no_sdk_and_nothing_of_the_command_line() -> None:
    heavy = [
        "openai",
        "httpx2",
        "aiohttp",
        "jsonschema",
        "rich",
        "typer",
        "xllamacpp",
        "tenacity",
        "asyncio",
        "sqlite3",
    ]
    # What measures the coverage of this very process may have loaded some of them before.
    code = (
        f"import sys; before = {{*sys.modules}}; import structkit; print([*{{*{heavy}}} & sys.modules.keys() - before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_needs_a_database_is_loaded_when_it_is_asked_for() -> None:
    from structkit.batch.job import Job
    from structkit.batch.money import Price

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

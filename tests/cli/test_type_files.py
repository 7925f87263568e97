"""The files that `--type` names: modules of packages, modules that print, and what is said of one that fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MODEL = "from pydantic import BaseModel\n"


def schema(folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "structkit", "schema", name]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    inner = tmp_path / "shop" / "bills"
    inner.mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "shop" / "units.py").write_text("class Unit(str): ...\nLIMIT = 3\n", encoding="utf-8")
    (inner / "__init__.py").write_text(f"{MODEL}from ..units import LIMIT\nclass All(BaseModel):\n    n: int\n")
    (inner / "types.py").write_text(
        f"{MODEL}from . import All\nfrom ..units import LIMIT\nfrom shop.units import Unit\n"
        "class Bill(BaseModel):\n    all: All\n    n: int = LIMIT\n",
        encoding="utf-8",
    )
    return tmp_path


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (".", "shop/bills/types.py:Bill"),
        ("shop/bills", "types.py:Bill"),
        ("shop", "../shop/bills/types.py:Bill"),
        (".", "shop.bills.types:Bill"),
        (".", "shop/bills/__init__.py:All"),
    ],
)
def test_a_file_of_a_package_may_import_from_its_package(project: Path, folder: str, name: str) -> None:
    done = schema(project / folder, name)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["json_schema"]["name"] == name.rpartition(":")[2].lower()


@pytest.mark.parametrize("name", ["noisy.py:Bill", "noisy:Bill"])
def test_what_a_file_prints_while_it_is_imported_is_not_in_the_results(tmp_path: Path, name: str) -> None:
    (tmp_path / "noisy.py").write_text(
        f"{MODEL}print('loading')\nclass Bill(BaseModel):\n    n: int\n", encoding="utf-8"
    )
    done = schema(tmp_path, name)
    assert (done.returncode, done.stderr) == (0, "loading\n")
    assert json.loads(done.stdout)["json_schema"]["name"] == "bill"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import pathlib\n\npathlib.Path('none.txt').read_text()\n", "line 3 of {folder}/types_of_mine.py\n"),
        ("import helper\n", "line 2 of {folder}/helper.py\n"),
        ("import structkit\nstructkit.ResponseFormat(3)\n", "line 2 of {folder}/types_of_mine.py\n"),
        ("def f(:\n", "SyntaxError: invalid syntax (types_of_mine.py, line 1)\n"),
    ],
)
def test_a_failed_import_names_the_line_of_the_user_and_not_one_of_a_library(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "helper.py").write_text("import json\njson.loads('x')\n", encoding="utf-8")
    (tmp_path / "types_of_mine.py").write_text(text, encoding="utf-8")
    done = schema(tmp_path, "types_of_mine.py:Bill")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(message.format(folder=tmp_path))

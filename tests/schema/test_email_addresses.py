"""Email addresses of pydantic, with and without a name."""

import json
from typing import Any

import pytest
from pydantic import EmailStr, NameEmail

from structkit import ResponseFormat
from structkit.errors import SchemaError

NAMES = ["Ada", "Doe, Ada", 'Ada "Ada" Doe', "<Ada>", "Ada\\Doe", "ada@example.org", "é ü", '"', 'a" <b', " x", "(Ada)"]


@pytest.mark.parametrize("output_type", [NameEmail, NameEmail | None, NameEmail | EmailStr], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_an_email_address_is_read_back(output_type: Any, name: str) -> None:
    response_format = ResponseFormat(output_type)
    value = NameEmail(name, "ada@example.org")
    assert response_format.parse(json.dumps(response_format.dump(value))) == value


@pytest.mark.parametrize("name", ["", "Ada\nDoe"])
def test_a_name_that_no_text_can_have_is_an_error(name: str) -> None:
    with pytest.raises(SchemaError, match="its name and address are not read back from a text"):
        ResponseFormat(NameEmail).dump(NameEmail(name, "ada@example.org"))


def test_explain_does_not_say_that_an_email_address_has_no_json_form() -> None:
    assert "JSON has no value" not in str(ResponseFormat(NameEmail).explain())


def test_an_issue_says_what_is_wrong_with_an_email_address() -> None:
    [issue] = ResponseFormat(EmailStr).read('"ada@example"').issues
    assert issue.message.startswith("value is not a valid email address: The part after the @-sign is not valid")

"""Classes of SQLModel: a table's constructor validates nothing, and its values are validated all the same."""

import json
from datetime import date
from typing import Any

import pytest
import sqlmodel
from pydantic import BaseModel

from structkit import ResponseFormat


class Visit(sqlmodel.SQLModel, table=True):
    id: int | None = sqlmodel.Field(default=None, primary_key=True)
    day: date
    guests: int = sqlmodel.Field(ge=1)
    name: str = sqlmodel.Field(default="guest", max_length=5)


class Stay(sqlmodel.SQLModel):
    visit: Visit
    nights: int = sqlmodel.Field(ge=1)


class House(BaseModel):
    visits: dict[str, Visit]


GOOD = {"id": None, "day": "2024-01-05", "guests": 2, "name": None}


@pytest.mark.parametrize(
    ("place", "value"), [("day", "soon"), ("day", 20240105), ("guests", 0), ("guests", "many"), ("name", "too long")]
)
@pytest.mark.parametrize(
    ("output_type", "wrap", "outer"),
    [
        (Visit, lambda visit: visit, ()),
        (list[Visit], lambda visit: {"value": [visit]}, (0,)),
        (Stay, lambda visit: {"visit": visit, "nights": 1}, ("visit",)),
        (House, lambda visit: {"visits": [{"key": "a", "value": visit}]}, ("visits", "a")),
    ],
)
def test_the_fields_of_a_table_are_validated(output_type: Any, wrap: Any, outer: Any, place: str, value: Any) -> None:
    answer = ResponseFormat(output_type).read(json.dumps(wrap({**GOOD, place: value})))
    assert [issue.path for issue in answer.issues] == [(*outer, place)]


def test_a_valid_reply_is_an_instance_of_the_table_that_a_session_stores() -> None:
    visit = ResponseFormat(Visit).parse(json.dumps(GOOD))
    assert (visit.day, visit.guests, visit.name, visit.model_fields_set) == (
        date(2024, 1, 5),
        2,
        "guest",
        {"day", "guests"},
    )
    engine = sqlmodel.create_engine("sqlite://")
    sqlmodel.SQLModel.metadata.create_all(engine)
    with sqlmodel.Session(engine) as session:
        session.add(visit)
        session.commit()
        assert session.exec(sqlmodel.select(Visit)).one().id == 1


def test_a_table_is_written_and_read_back() -> None:
    response_format = ResponseFormat(Visit)
    visit = Visit(day=date(2024, 1, 5), guests=3, name="Ada")
    assert response_format.load(response_format.dump(visit)) == visit

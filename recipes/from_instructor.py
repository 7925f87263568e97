"""A program of instructor, moved to structkit: the old calls are in the comments above the new ones.

Run it:  python recipes/from_instructor.py

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL.
"""

import os

from pydantic import BaseModel, Field, ValidationInfo, field_validator

import structkit

TEXT = "name: Ada Lovelace, age: 36"


class Person(BaseModel):
    name: str
    age: int = Field(ge=0, le=130)

    @field_validator("name")
    @classmethod
    def name_is_in_the_text(cls, name: str, info: ValidationInfo) -> str:
        if info.context and name not in info.context["text"]:
            raise ValueError("the name must be copied from the text")
        return name


if __name__ == "__main__":
    # client = instructor.from_provider("openai/gpt-4o")
    client = structkit.Client(os.environ.get("STRUCTKIT_MODEL", "local"), max_tokens=100)

    # person = client.create(response_model=Person, messages=[{"role": "user", "content": TEXT}],
    #                        max_retries=3, context={"text": TEXT})
    person = client.extract(Person, TEXT, policy=structkit.Policy(attempts=4), context={"text": TEXT})
    print(person)

    # person, completion = client.create_with_completion(response_model=Person, messages=...)
    result = client.run(Person, TEXT)
    print(result.value.name, len(result.attempts), "attempts")

    # for partial in client.create_partial(response_model=Person, messages=...):
    with client.stream(Person, TEXT) as stream:
        for partial in stream:
            print(partial)

    # for person in client.create_iterable(response_model=Person, messages=...):
    for each in client.stream_items(list[Person], TEXT):
        print(each.name)
        break

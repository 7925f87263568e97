"""List the people in a novel: a long text is read in chunks, and each name has the offsets at which it stands.

Run it:  python recipes/novel.py [TEXT]
Or:      structkit extract recipes/data/novel.txt --type recipes/novel.py:People --chunk 1000 --evidence=null

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL.
"""

import os
import sys
from collections import defaultdict
from pathlib import Path

from pydantic import BaseModel, Field

import structkit


class Person(BaseModel):
    name: str = Field(description="The full name, as the text has it")
    occupation: str | None = Field(description="Null if this part of the text does not say it")


class People(BaseModel):
    people: list[Person]


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data" / "novel.txt"
    client = structkit.Client(os.environ.get("STRUCTKIT_MODEL", "local"), instructions="List the people by name.")
    # The text is short, and so are the chunks: leave it at chunk="auto" for a whole novel.
    result = client.run(People, path.read_text(encoding="utf-8"), chunk=1000, evidence="null")
    if (evidence := result.evidence) is not None:
        occupations = defaultdict[str, set[str]](set)
        offsets = defaultdict[str, set[int]](set)
        for number, person in enumerate(result.value.people):  # each chunk lists whom it names: some twice or more
            occupations[person.name] |= {person.occupation} if person.occupation else set()
            offsets[person.name] |= {span.start for span in evidence["people", number, "name"].spans}
        for name, starts in offsets.items():
            print(name, ", ".join(sorted(occupations[name])), *sorted(starts), sep="\t")

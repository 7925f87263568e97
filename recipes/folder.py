"""Read a folder of letters, a few at a time: an async loop, one record per file.

Run it:  python recipes/folder.py

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL.
"""

import asyncio
import os
from datetime import date
from pathlib import Path

from pydantic import BaseModel

import structkit


class Letter(BaseModel):
    sender: str
    sent_on: date


EXAMPLE = (
    "From: Anna Berg\nDate: 2025-11-03\n\nDear Sirs,\n\nthe bell does not ring. Please repair it.\n\nAnna Berg\n",
    Letter(sender="Anna Berg", sent_on=date(2025, 11, 3)),
)


async def read_letters(texts: list[str], concurrency: int) -> list[Letter | structkit.StructkitError]:
    """Return a letter for each text, in order, or its error, because one bad text must not stop the others."""
    semaphore = asyncio.Semaphore(concurrency)

    async def read(text: str) -> Letter | structkit.StructkitError:
        async with semaphore:
            try:
                return await client.extract(Letter, text, examples=[EXAMPLE], max_tokens=100)
            except structkit.StructkitError as error:
                return error

    async with structkit.AsyncClient(os.environ.get("STRUCTKIT_MODEL", "local")) as client:
        return await asyncio.gather(*map(read, texts))


if __name__ == "__main__":
    files = sorted((Path(__file__).parent / "data" / "letters").glob("*.txt"))
    letters = asyncio.run(read_letters([file.read_text(encoding="utf-8") for file in files], concurrency=2))
    for file, letter in zip(files, letters, strict=True):
        print(file.name, letter.model_dump_json() if isinstance(letter, Letter) else f"failed: {letter}", sep="\t")

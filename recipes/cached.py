"""Repeat a program without paying twice: replies are stored in a file, and a request that was sent before is not sent.

Run it:  STRUCTKIT_MODEL=gpt-4o python recipes/cached.py

The file also serves later runs, but not with the embedded model: it has another address in each process, and the
address is a part of the key.

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL.
"""

import os
from datetime import timedelta

import structkit

WORDS = ["copper", "oak", "copper"]

if __name__ == "__main__":
    cache = structkit.SQLiteStore("replies.sqlite", max_age=timedelta(days=7))
    client = structkit.Client(os.environ.get("STRUCTKIT_MODEL", "local"), cache=cache, max_tokens=60)
    for word in WORDS:
        result = client.run(bool, f"Is {word} a metal?")
        source = "from the cache" if result.cached else f"{result.usage.total_tokens} tokens"
        print(word, result.value, source, sep="\t")

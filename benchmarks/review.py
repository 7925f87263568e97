"""How long a page of a review takes, and how much memory: in one file, and from `structkit review --serve`.

    python benchmarks/review.py [--rows 10000] [--served-rows 100000]

It needs chromium, and measures in it: until the first row is drawn, the heap after a garbage collection, and the time
from an approval to the reply that it is on the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp

from structkit.review import ReviewTable, review_page
from structkit.schema.cache import response_format
from structkit.tables.sources import open_source

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "html_pages"))
from conftest import Tab, open_chromium

FIELDS, TEXT_CHARS, APPROVALS = 6, 400, 200
TYPE = {
    "type": "object",
    "properties": {f"field{number}": {"type": "string"} for number in range(FIELDS)},
    "required": [f"field{number}" for number in range(FIELDS)],
}
FIRST_ROW = "new Promise(function wait(done) { model ? done(performance.now()) : setTimeout(wait, 1, done); })"
COMPLETE = (
    "new Promise(function wait(done) { rows.isComplete ? done(performance.now()) : setTimeout(wait, 20, done); })"
)
APPROVE = f"""(async () => {{
    const times = [];
    for (let n = 0; n < {APPROVALS}; n += 1) {{
        await rows.load(n);
        const start = performance.now();
        await store.decide(n, {{decision: "approved", by: "", at: now()}});
        times.push(performance.now() - start);
    }}
    return times;
}})()"""


def write_table(path: Path, rows: int) -> None:
    """Write rows with texts of words, some of which are the values."""
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(5000)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            text = chance.choices(words, k=TEXT_CHARS // 8)
            values = {f"field{n}": chance.choice(text) for n in range(FIELDS)}
            file.write(json.dumps({"id": number, "body": " ".join(text), **values}) + "\n")


async def visit(browser: str, url: str, measure: Any) -> Any:
    """Open an address, and return what a function measures."""
    async with aiohttp.ClientSession() as session:
        async with session.put(f"{browser}/json/new?about:blank") as reply:
            address = json.loads(await reply.text())["webSocketDebuggerUrl"]
        async with session.ws_connect(address, max_msg_size=0) as socket:
            tab = Tab(socket)
            await tab.open(url)
            return await measure(tab)


async def heap_megabytes(tab: Tab) -> float:
    """Return the memory of the page."""
    await tab.call("HeapProfiler.collectGarbage")
    return float((await tab.call("Runtime.getHeapUsage"))["usedSize"]) / 1e6


def measure_file(folder: Path, rows: int) -> None:
    """Print the figures of the page in one file."""
    table = ReviewTable(open_source(str(folder / "labels.jsonl"), key="id"), response_format(TYPE), ("body",))
    page, _ = review_page(table, table.output_format, 0.8, "labels")
    path = folder / "review.html"
    page.save(str(path))

    async def measure(tab: Tab) -> tuple[float, float]:
        return float(await tab.evaluate(FIRST_ROW)), await heap_megabytes(tab)

    with open_chromium(folder / "profile1") as browser:
        drawn, heap = asyncio.run(visit(browser, path.as_uri(), measure))
    print(
        f"one file: {rows:,} rows, {path.stat().st_size / 1e6:.1f} MB, row 1 {drawn / 1000:.2f} s, heap {heap:.0f} MB"
    )


def measure_server(folder: Path, rows: int) -> None:
    """Print the figures of the page that is served."""
    (folder / "type.json").write_text(json.dumps(TYPE), encoding="utf-8")
    command = [sys.executable, "-m", "structkit", "review", "labels.jsonl", "--type", "type.json", "--key", "id"]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--text", "body", "--serve", "--no-open"], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    url = process.stderr.readline().split(" at ")[1].split(" (")[0]
    address = time.perf_counter() - start

    async def measure(tab: Tab) -> tuple[float, float, list[float], float]:
        drawn = float(await tab.evaluate(FIRST_ROW))
        complete = float(await tab.evaluate(COMPLETE))
        times = [float(each) for each in await tab.evaluate(APPROVE)]
        await tab.evaluate("select(rows.length - 1)")
        return drawn, complete, times, await heap_megabytes(tab)

    try:
        with open_chromium(folder / "profile2") as browser:
            drawn, complete, times, heap = asyncio.run(visit(browser, url, measure))
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        fields = dict(line.split(":", 1) for line in status.splitlines())
        memory = int(fields["VmHWM"].split()[0]) / 1000
    finally:
        process.kill()
        process.wait()
    size = (folder / "labels.jsonl").stat().st_size / 1e6
    print(
        f"served: {rows:,} rows, {size:.0f} MB, address after {address:.2f} s, row 1 {drawn / 1000:.2f} s after it is "
        f"opened, all rows after {complete / 1000:.1f} s, heap {heap:.0f} MB, server {memory:.0f} MB at most, approval "
        f"{statistics.median(times):.1f} ms (slowest of {len(times)}: {max(times):.0f})"
    )


def main() -> None:
    """Print the figures of both pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--served-rows", type=int, default=100_000)
    options = parser.parse_args()
    for rows, measure in ((options.rows, measure_file), (options.served_rows, measure_server)):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            write_table(Path(name) / "labels.jsonl", rows)
            measure(Path(name), rows)


if __name__ == "__main__":
    main()

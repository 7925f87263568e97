"""How long documents take to read, of each kind, and the text that other PDF libraries read of the same file.

Run it:  python benchmarks/documents.py [--pages 36] [--rounds 3]

The files are made here: an invoice whose cells are drawn from the bottom up, and pages of prose. Other libraries are
measured if they are installed: pip install pypdf pdfminer.six markitdown[pdf] kreuzberg
"""

import argparse
import io
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "samples"))

import sample_files as files

from structkit import Document

WORDS = "The tenant pays the rent of 900 EUR on the third working day of each month, and heating by what is used. "
LINES = 50
FACTS = ["Desk lamp 3 24.50", "Chair 4 180.00", "Shelf 1 99.90"]
"""The rows of the invoice, whose cells belong together."""


def make_pdf(pages: int) -> bytes:
    """Return a PDF of prose, whose first page is an invoice with its cells drawn from the bottom up."""
    prose = [[(50, 800 - 14 * line, WORDS[:90]) for line in range(LINES)] for _ in range(pages - 1)]
    cells = [(row.rsplit(" ", 2), 700 - 20 * number) for number, row in enumerate(FACTS)]
    invoice = [(60 + 160 * column, y, cell[column]) for column in (1, 0, 2) for cell, y in reversed(cells)]
    return files.pdf([invoice, *prose])


def make_documents(pages: int) -> dict[str, bytes]:
    """Return a file of each kind, of about as much text."""
    paragraphs = LINES * pages
    rows = "".join(f'<row><c t="inlineStr"><is><t>{WORDS[:90]}</t></is></c></row>' for _ in range(paragraphs))
    return {
        "a.pdf": make_pdf(pages),
        "a.docx": files.docx(files.paragraph(WORDS[:90]) * paragraphs),
        "a.pptx": files.pptx([files.shape(*[WORDS[:90]] * LINES)] * pages),
        "a.xlsx": files.xlsx({"S": rows}),
        "a.html": f"<html>{f'<p>{WORDS[:90]}' * paragraphs}".encode(),
        "a.txt": f"{WORDS[:90]}\n".encode() * paragraphs,
    }


def measure(read: Callable[[], str], rounds: int) -> tuple[float, str]:
    """Return the seconds of the fastest of several rounds, and the text."""
    seconds, text = [], ""
    for _ in range(rounds):
        start = time.perf_counter()
        text = read()
        seconds.append(time.perf_counter() - start)
    return min(seconds), text


def read_pypdf(pypdf: Any, data: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def read_pdfminer(high_level: Any, data: bytes) -> str:
    return str(high_level.extract_text(io.BytesIO(data)))


def read_markitdown(markitdown: Any, data: bytes) -> str:
    return str(markitdown.MarkItDown().convert_stream(io.BytesIO(data), file_extension=".pdf").text_content)


def read_kreuzberg(kreuzberg: Any, data: bytes) -> str:
    return str(kreuzberg.extract_bytes_sync(data, "application/pdf").content)


PEERS = {
    "pypdf": ("pypdf", read_pypdf),
    "pdfminer.six": ("pdfminer.high_level", read_pdfminer),
    "markitdown": ("markitdown", read_markitdown),
    "kreuzberg": ("kreuzberg", read_kreuzberg),
}


def find_facts(text: str) -> str:
    """Return how many rows of the invoice have their cells together."""
    words = " ".join(text.split())
    return f"{sum(fact in words for fact in FACTS)} of {len(FACTS)}"


def print_kinds(pages: int, rounds: int) -> None:
    print("| file | bytes | pages | characters | seconds |\n|---|--:|--:|--:|--:|")
    for name, data in make_documents(pages).items():
        seconds, text = measure(lambda data=data, name=name: Document.open(data, name=name).text, rounds)
        count = len(Document.open(data, name=name).pages)
        print(f"| {name} | {len(data):,} | {count} | {len(text):,} | {seconds:.2f} |")


def print_libraries(pages: int, rounds: int) -> None:
    data = make_pdf(pages)
    print("\n| library | PDF, seconds | rows of the invoice that stay together |\n|---|--:|--:|")
    seconds, text = measure(lambda: Document.open(data).text, rounds)
    print(f"| structkit | {seconds:.2f} | {find_facts(text)} |")
    for name, (module, read) in PEERS.items():
        try:
            library = import_module(module)
        except ImportError:
            print(f"{name} is not installed", file=sys.stderr)
            continue
        seconds, text = measure(lambda read=read, library=library: read(library, data), rounds)
        print(f"| {name} | {seconds:.2f} | {find_facts(text)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=36, help="pages of each document")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the fastest counts")
    options = parser.parse_args()
    print_kinds(options.pages, options.rounds)
    print_libraries(options.pages, options.rounds)


if __name__ == "__main__":
    main()

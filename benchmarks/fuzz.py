"""Random types, replies, patterns, tables, damaged files, secrets and errors: prints each counterexample.

Run it:  poe fuzz [--seconds N] [--seed TEXT] [--only SUBJECT ...]
"""

import argparse
import faulthandler
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

import fuzz_deformations
import fuzz_endpoints
import fuzz_files
import fuzz_patterns
import fuzz_replies
import fuzz_secrets
import fuzz_tables
import fuzz_types
from fuzz_types import Counterexample

EXAMPLES = """examples:
  poe fuzz                                       a minute of each subject
  poe fuzz --seconds 600 --only replies types    ten minutes of each of two subjects
  poe fuzz --seed 7                              the cases of an earlier run again, in the same order
  poe fuzz --only replies --case 7/1529          the one case that a counterexample names
"""
SUBJECTS: dict[str, Callable[[str, Counter[str]], list[Counterexample]]] = {
    "types": fuzz_types.try_seed,
    "replies": fuzz_replies.try_seed,
    "deformations": fuzz_deformations.try_seed,
    "patterns": fuzz_patterns.try_seed,
    "files": fuzz_files.try_seed,
    "secrets": fuzz_secrets.try_seed,
    "endpoints": fuzz_endpoints.try_seed,
    "tables": fuzz_tables.try_seed,
}
MAX_CASE_S = 300
"""Seconds after which a case hangs: the run ends with a traceback."""


def seeds(seed: str, seconds: float, cases: int | None) -> Iterator[str]:
    """Yield the seed of each case, until the time is over or the number of cases is reached."""
    end = time.monotonic() + seconds
    for number in count():
        if number == cases or (cases is None and time.monotonic() >= end):
            return
        yield f"{seed}/{number}"


def fuzz(subject: str, case_seeds: Iterator[str]) -> int:
    """Try the cases of a subject; print what was tried, and return the number of counterexamples."""
    counts, examples = Counter[str](), 0
    with tempfile.NamedTemporaryFile(prefix="fuzz-", suffix=".txt", buffering=0) as current:
        print(f"{subject}: if a case hangs, its seed is in {current.name}", flush=True)
        for seed in case_seeds:
            current.seek(0)
            current.write(seed.encode().ljust(100))
            faulthandler.dump_traceback_later(MAX_CASE_S, exit=True)
            examples += len(SUBJECTS[subject](seed, counts))
        faulthandler.cancel_dump_traceback_later()
    counts["counterexamples"] = examples
    print("\n".join(f"{number:10,} {name}" for name, number in counts.items()), flush=True)
    return examples


def main() -> None:
    """Try each subject; the exit code is 1 if there are counterexamples."""
    parser = argparse.ArgumentParser(
        prog="poe fuzz",
        description=(__doc__ or "").partition("\n")[0],
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=60, help="of each subject (default: 60)")
    parser.add_argument("--seed", default=str(random.randrange(10**9)), help="of the run (default: a random one)")
    parser.add_argument("--only", nargs="+", choices=[*SUBJECTS], default=[*SUBJECTS], help="these subjects")
    parser.add_argument("--cases", type=int, help="cases of each subject, instead of --seconds")
    parser.add_argument("--case", help="try one case, by its seed; needs --only")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    examples = 0
    for subject in options.only:
        case_seeds = iter([options.case]) if options.case else seeds(options.seed, options.seconds, options.cases)
        examples += fuzz(subject, case_seeds)
    raise SystemExit(bool(examples))


if __name__ == "__main__":
    main()

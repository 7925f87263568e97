"""The program `structkit`, which `python -m structkit` runs too."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line. Its imports may take a second, and Ctrl-C must not print a traceback of them."""
    try:
        from structkit.cli import main as run
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()

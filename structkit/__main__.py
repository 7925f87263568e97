"""The program `structkit`, which `python -m structkit` runs too."""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line. Ctrl-C prints no traceback, not even during the imports, which may take a second."""
    takes_interrupts = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not under nohup, for instance
    if takes_interrupts:
        signal.signal(signal.SIGINT, _stop)
        sys.unraisablehook = _on_unraisable
    try:
        from structkit.cli import main as run

        if takes_interrupts:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            run()
        finally:
            if takes_interrupts:
                signal.signal(signal.SIGINT, _stop)
    except KeyboardInterrupt:
        _stop()


def _stop(*_: object) -> None:
    """End the process at once: nothing is left to write, and an exception could be raised at any place."""
    signal.signal(signal.SIGINT, _ignore)  # with SIG_IGN, Python prints a traceback for one that has just arrived
    sys.stderr.write("stopped\n")
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _on_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Stop at a Ctrl-C that arrived in a destructor: Python would print a traceback, and the exit code would be 0."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        _stop()
    sys.__unraisablehook__(unraisable)


def _ignore(*_: object) -> None:
    """Do nothing at a further Ctrl-C."""


if __name__ == "__main__":
    main()

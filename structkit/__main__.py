"""`python -m structkit`."""

from structkit.cli import main

if __name__ == "__main__":
    main()

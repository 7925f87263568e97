"""Connection pools: one HTTP library a file."""

"""Connection pools: one HTTP library per file, and the choice between them."""

"""JSON Schema documents of the caller's own."""

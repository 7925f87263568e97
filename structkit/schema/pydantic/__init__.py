"""pydantic types and core schemas, made lossless."""

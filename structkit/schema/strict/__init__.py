"""From a JSON Schema to the strict one that is sent."""

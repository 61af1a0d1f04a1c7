"""`ddswait --schema`: the JSON Schema of the machine output."""

from __future__ import annotations

import json

from ddswait.cli.output import json_schema, streams


def run() -> int:
    """Print the schema and return the exit code."""
    return streams.document(json.dumps(json_schema.schema(), indent=2))

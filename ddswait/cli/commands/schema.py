"""`ddswait --schema`: the JSON Schema of the machine output."""

from __future__ import annotations

import json
import sys

from ddswait.cli.output import json_schema


def run() -> int:
    """Print the schema and return 0."""
    sys.stdout.write(json.dumps(json_schema.schema(), indent=2) + "\n")
    return 0

"""The JSON Schema of a policy file, for editors: ``python -m proxy.policy.schema``.

The file policies/schema.json is this text; a test keeps it current.
"""

from __future__ import annotations

import json
import sys

from proxy.policy.model import PolicyForm


def schema_text() -> str:
    """The schema (JSON Schema 2020-12) as indented JSON."""
    schema = PolicyForm.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Privet policy"
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())

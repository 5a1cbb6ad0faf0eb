"""The JSON Schema of a policy file, for editors: ``python -m proxy.policy.schema``.

The file policies/schema.json is this text; a test keeps it current.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from proxy.policy.model import PolicyForm


def schema_text() -> str:
    """The schema (JSON Schema 2020-12) as indented JSON."""
    schema = PolicyForm.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Privet policy"
    return json.dumps(_closed(schema), indent=2, sort_keys=True) + "\n"


def _closed(schema: Any) -> Any:
    """The schema in which a name that has a form is of that form, and nothing else stands there."""
    if isinstance(schema, dict):
        open_to = {} if "patternProperties" not in schema else {"additionalProperties": False}
        return {key: _closed(value) for key, value in (schema | open_to).items()}
    return list(map(_closed, schema)) if isinstance(schema, list) else schema


if __name__ == "__main__":
    sys.stdout.write(schema_text())

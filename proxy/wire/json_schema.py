"""What stands where in a JSON Schema (2020-12), as tools and structured outputs carry it.

Property names are restricted paths: a placeholder for one must be a name, and the same name in
`required` and in every call's arguments. Enumerated types and formats are the schema's own words.
"""

from __future__ import annotations

from typing import Any

from proxy.wire.json_walk import Leaf, Spec

_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_FORMATS = frozenset(
    {
        *("date-time", "date", "time", "duration", "email", "idn-email", "hostname"),
        *("idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference"),
        *("uuid", "uri-template", "json-pointer", "relative-json-pointer", "regex"),
    }
)
#: Keywords that a placeholder in place of a value can't satisfy.
UNSATISFIABLE = ("format", "pattern", "maxLength", "minLength", "contentEncoding")

_NAMES = Spec(items=Spec(leaf=Leaf.NAME))
_keywords: dict[str, Spec] = {}
#: A schema. It refers to itself, so its keywords are filled in below.
SCHEMA = Spec(fields=_keywords)
_SCHEMAS_BY_NAME = Spec(items=SCHEMA)
_keywords |= {
    "type": Spec(values=_TYPES, items=Spec(values=_TYPES)),
    "format": Spec(values=_FORMATS),
    "required": _NAMES,
    "$ref": Spec(leaf=Leaf.NAME),  # it quotes a definition's name
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions"), _SCHEMAS_BY_NAME),
    "dependentRequired": Spec(items=_NAMES),
    "dependentSchemas": _SCHEMAS_BY_NAME,
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), Spec(items=SCHEMA)),
    **dict.fromkeys(("additionalProperties", "propertyNames", "contains", "not"), SCHEMA),
    **dict.fromkeys(("if", "then", "else", "unevaluatedProperties", "unevaluatedItems"), SCHEMA),
    "items": Spec(fields=_keywords, items=SCHEMA),
    "$schema": Spec(values=frozenset({"https://json-schema.org/draft/2020-12/schema"})),
    **dict.fromkeys(
        (
            *("title", "description", "default", "examples", "enum", "const", "pattern"),
            *("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "$id", "$anchor"),
            *("exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "$comment"),
            *("minProperties", "maxProperties", "deprecated", "readOnly", "writeOnly", "nullable"),
            *("contentEncoding", "contentMediaType"),
        ),
        Spec(),
    ),
}


def relax(schema: Any) -> Any:
    """A copy of `schema` without the keywords that no placeholder can satisfy.

    Only keywords go: a property that happens to be called "format" stays.
    """
    if isinstance(schema, list):
        return [relax(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    relaxed = {}
    for name, value in schema.items():
        spec = _keywords.get(name)
        if spec is _SCHEMAS_BY_NAME and isinstance(value, dict):
            relaxed[name] = {key: relax(below) for key, below in value.items()}
        elif spec is not None and (spec is SCHEMA or spec.items is SCHEMA):
            relaxed[name] = relax(value)
        elif name not in UNSATISFIABLE:
            relaxed[name] = value
    return relaxed

"""Whether a changed event still suits those who read the old one, and still reads what is stored."""

from typing import Any

Schema = dict[str, Any]

EXTENSIBLE = "x-extensible"
WORDS_ONLY = {"title", "description", "examples", "$schema", "$id", EXTENSIBLE}
STRUCTURE = {"properties", "enum", "anyOf", "items"}
# Defaults and required fields are compared where the field stands, in its object.
COMPARED_ELSEWHERE = WORDS_ONLY | STRUCTURE | {"default", "required"}


def breaks(old_schema: Schema, new_schema: Schema) -> list[str]:
    """Return why `new_schema` may not replace `old_schema`; nothing when it may.

    Two views must hold: consumers of the old schema understand new events, and the new class reads old
    events back from the store. So, in an object and in the objects within it:

    - A field with a default may be added. A required one breaks replay: stored events lack it.
    - A field may not be removed or renamed, whether required or not.
    - A field may become neither required (breaks replay) nor optional (breaks consumers).
    - A default may not change: stored events without the field would come to mean something else.
    - Type, format, limits and the choice of null may not change: wider breaks consumers, narrower replay.
    - An enum value may not be removed. One may be added only where the old schema calls the enum
      `x-extensible`, which tells consumers to expect values they do not know.

    Titles, descriptions and examples may change. Schemas that refer to themselves are not supported.
    """
    return _breaks("", _inlined(old_schema, old_schema), _inlined(new_schema, new_schema))


def _breaks(path: str, old: Schema, new: Schema) -> list[str]:
    if _shape(old) != _shape(new):
        return [f"{path or 'event'}: type or limits changed"]
    reasons = _field_breaks(path, old, new) + _enum_breaks(path, old, new)
    if "items" in old:
        reasons += _breaks(f"{path}[]", old["items"], new["items"])
    for before, after in zip(old.get("anyOf", []), new.get("anyOf", []), strict=True):
        reasons += _breaks(path, before, after)
    return reasons


def _shape(schema: Schema) -> Schema:
    """Return what must stay as it is, and which of the parts that are compared one by one there are."""
    kept = {key: value for key, value in schema.items() if key not in COMPARED_ELSEWHERE}
    return kept | {"structure": schema.keys() & STRUCTURE, "choices": len(schema.get("anyOf", []))}


def _field_breaks(path: str, old: Schema, new: Schema) -> list[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    required_before, required_after = set(old.get("required", [])), set(new.get("required", []))
    within = f"{path}." if path else ""
    reasons = [f"{within}{name}: removed" for name in before.keys() - after.keys()]
    reasons += [
        f"{within}{name}: {'became' if name in before else 'added as'} required"
        for name in required_after - required_before
    ]
    for name in before.keys() & after.keys():
        if name in required_before - required_after:
            reasons.append(f"{within}{name}: became optional")
        elif name not in required_after and before[name].get("default") != after[name].get("default"):
            reasons.append(f"{within}{name}: default changed")
        reasons += _breaks(f"{within}{name}", before[name], after[name])
    return sorted(reasons)


def _enum_breaks(path: str, old: Schema, new: Schema) -> list[str]:
    before, after = old.get("enum", []), new.get("enum", [])
    reasons = [f"{path}: value {value} removed" for value in before if value not in after]
    if not old.get(EXTENSIBLE):
        reasons += [f"{path}: value {value} added" for value in after if value not in before]
    return reasons


def _inlined(schema: Any, root: Schema) -> Any:
    """Replace each reference by what it refers to, so that moving or renaming a definition is no change."""
    match schema:
        case {"$ref": str(reference), **beside}:
            return _inlined(root["$defs"][reference.removeprefix("#/$defs/")], root) | beside
        case dict():
            return {key: _inlined(value, root) for key, value in schema.items() if key != "$defs"}
        case list():
            return [_inlined(item, root) for item in schema]
        case _:
            return schema

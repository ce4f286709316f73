"""The reference page of a service: its OpenAPI document as HTML, without a script."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from chassis.http.description.html import Html, element, joined, prose, table
from chassis.http.description.references import PREFIX, Schema

STYLE_PATH = "/docs.css"
STYLE = """
body { font: 16px/1.5 sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem; color: #222; background: #fff; }
a { color: #0b5394; }
code, pre, .path { font-family: monospace; }
pre { background: #f4f4f4; padding: .7rem; overflow: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #ddd; }
td p { margin: 0; }
section { border-top: 1px solid #bbb; margin-top: 1.5rem; }
.method { display: inline-block; min-width: 4.5rem; font-weight: bold; }
"""


def reference_page(document: Schema) -> str:
    """Return the page: every operation by tag, then every schema. It refers to no other host."""
    info = document["info"]
    title = f"{info['title']} API"
    head = element(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        Html(f'<link rel="stylesheet" href="{STYLE_PATH.removeprefix("/")}">'),
    )
    body = element(
        "body",
        element("h1", title),
        prose(info["description"]),
        element("p", "For programs: ", element("a", "openapi.json", href="openapi.json")),
        element("nav", *contents(document)),
        *(operation_section(document, *each) for each in operations(document)),
        element("h2", "Schemas", id="schemas"),
        *(schema_section(name, schema) for name, schema in sorted(document["components"]["schemas"].items())),
    )
    return "<!doctype html>" + element("html", head, body, lang="en")


def operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Yield method, path and description of every operation, in the order of the tags."""
    found = [
        (method.upper(), path, each) for path, methods in document["paths"].items() for method, each in methods.items()
    ]
    for tag in document["tags"]:
        yield from (each for each in found if each[2]["tags"] == [tag["name"]])


def contents(document: Schema) -> Iterator[Html]:
    for tag in document["tags"]:
        listed = [each for each in operations(document) if each[2]["tags"] == [tag["name"]]]
        yield element("h2", tag["name"])
        yield prose(tag["description"])
        yield element("ul", *(element("li", link_to(*each)) for each in listed))


def link_to(method: str, path: str, operation: Schema) -> Html:
    name = element("span", method, class_="method")
    address = element("span", path, class_="path")
    return joined(name, element("a", address, href=f"#{operation['operationId']}"), f" {operation['summary']}")


def operation_section(document: Schema, method: str, path: str, operation: Schema) -> Html:
    parameters = [resolved(document, each) for each in operation.get("parameters", ())]
    responses = sorted(operation["responses"].items())
    return element(
        "section",
        element("h3", element("span", f"{method} {path}", class_="path")),
        prose(operation["description"]),
        table(("Parameter", "In", "Type", "Meaning"), [parameter_row(each) for each in parameters]),
        *(body(media, each) for media, each in operation.get("requestBody", {}).get("content", {}).items()),
        table(("Status", "Answer", "Headers"), [response_row(document, *each) for each in responses]),
        id=operation["operationId"],
    )


def parameter_row(parameter: Schema) -> tuple[str, ...]:
    name = element("code", parameter["name"])
    needed = " (required)" if parameter.get("required") else ""
    meaning = prose(parameter.get("description") or parameter["schema"].get("description", ""))
    return joined(name, needed), parameter["in"], type_of(parameter["schema"]), meaning


def body(media: str, content: Schema) -> Html:
    example = content.get("example")
    text = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False, indent=2)
    shown = element("pre", text) if example is not None else Html()
    return joined(element("p", "Body, ", media, ": ", type_of(content["schema"])), shown)


def response_row(document: Schema, status: str, response: Schema) -> tuple[str, ...]:
    response = resolved(document, response)
    types = [type_of(each["schema"]) for each in response.get("content", {}).values()]
    answer = joined(*types, " " if types else "", response["description"])
    return f"{status} {HTTPStatus(int(status)).phrase}", answer, ", ".join(response.get("headers", ()))


def schema_section(name: str, schema: Schema) -> Html:
    required = schema.get("required", ())
    rows: list[tuple[str, ...]] = [
        (joined(element("code", field), " (required)" if field in required else ""), type_of(each), meaning_of(each))
        for field, each in schema.get("properties", {}).items()
    ]
    values = Html() if rows else element("p", type_of(schema))
    return element(
        "section",
        element("h3", name),
        prose(schema.get("description", "")),
        values,
        table(("Field", "Type", "Meaning"), rows),
        id=f"schema-{name}",
    )


def meaning_of(schema: Schema) -> Html:
    return prose(schema.get("description", ""))


def type_of(schema: Schema) -> Html:
    """Return the type in words, with a link to each schema that it names."""
    match schema:
        case {"$ref": str(reference)}:
            name = reference.removeprefix(PREFIX)
            return element("a", name, href=f"#schema-{name}")
        case {"anyOf": choices} | {"oneOf": choices}:
            first, *others = map(type_of, choices)
            return joined(first, *(part for each in others for part in (" or ", each)))
        case {"enum": values} | {"x-extensible-enum": values}:
            return joined("one of ", ", ".join(map(str, values)))
        case {"const": value}:
            return joined(str(value))
        case {"type": "array"}:
            return joined("list of ", type_of(schema.get("items", {})))
        case {"type": "object", "additionalProperties": dict(values)}:
            return joined("object with values: ", type_of(values))
        case {"type": str(name)}:
            return joined(name, f" ({schema['format']})" if "format" in schema else "")
        case {"type": list(names)}:
            return joined(" or ".join(names))
        case _:
            return joined("any value")


def resolved(document: Schema, part: Schema) -> Schema:
    """Return `part`, or the component that it refers to."""
    found: Any = document if "$ref" in part else part
    for name in part.get("$ref", "").split("/")[1:]:
        found = found[name]
    return dict(found)

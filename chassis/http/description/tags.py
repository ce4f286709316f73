"""The tags of an OpenAPI document, described by the modules of their routes."""

import inspect
import re
import sys
from collections.abc import Sequence

from fastapi.routing import APIRoute

# Modules of routes open with "HTTP for tasks." or "HTTP to read alerts."; in the document, "HTTP" says nothing.
OPENING = re.compile(r"^HTTP (routes )?(for |to )")


def tags_of(routes: Sequence[APIRoute]) -> list[dict[str, str]]:
    """Return all tags in the order of the routes, each with the first sentences about one of its modules."""
    found: dict[str, str] = {}
    for route in routes:
        for tag in route.tags:
            found[str(tag)] = found.get(str(tag)) or about(route)
    return [{"name": name, "description": text} for name, text in found.items()]


def about(route: APIRoute) -> str:
    """Return what the module of a route says about itself; empty if all of its code is shared code."""
    functions = [route.endpoint, *(need.call for need in route.dependant.dependencies)]
    modules = [sys.modules[each.__module__] for each in functions if inspect.isfunction(each)]
    texts = [" ".join((inspect.getdoc(module) or "").split()) for module in modules]
    rests = [OPENING.sub("", text) for text in texts if OPENING.match(text)]
    return rests[0][:1].upper() + rests[0][1:] if rests else ""

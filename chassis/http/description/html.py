"""Writes HTML elements. Text is escaped; only what this module has made is markup."""

import re
from html import escape

CODE = re.compile(r"`([^`]+)`")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, *inner: str, **attributes: str) -> Html:
    """Return an element. A trailing underscore of an attribute's name is removed: `class_` is `class`."""
    written = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{written}>{joined(*inner)}</{name}>")


def joined(*inner: str) -> Html:
    return Html("".join(each if isinstance(each, Html) else escape(each) for each in inner))


def prose(text: str) -> Html:
    """Return the paragraphs of a text. Words between backticks are code."""
    paragraphs = [CODE.sub(r"<code>\1</code>", escape(each)) for each in text.split("\n\n") if each.strip()]
    return Html("".join(f"<p>{each}</p>" for each in paragraphs))


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Html:
    """Return a table; nothing if it has no rows."""
    if not rows:
        return Html()
    first = element("tr", *(element("th", each) for each in head))
    return element("table", first, *(element("tr", *(element("td", each) for each in row)) for row in rows))

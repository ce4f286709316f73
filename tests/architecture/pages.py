"""The pages of documentation, cut into what a reader sees: text, code, links and headings."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePath

ROOT_PAGES = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")
FOLDER = "docs"

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_LINKED_TEXT = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `path` is relative to the root of the repository."""

    path: PurePath
    text: str

    @property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def code(self) -> list[str]:
        """Every fenced block and every `span`."""
        blocks = [block.group() for block in _FENCE.finditer(self.text)]
        return blocks + self.spans

    @property
    def spans(self) -> list[str]:
        return _SPAN.findall(self.prose)

    def cells(self, heading: str) -> list[str]:
        """The cells of every table's column that has this heading."""
        found: list[str] = []
        column: int | None = None
        for line in self.prose.splitlines():
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
            if not cells:
                column = None
            elif column is None:
                column = cells.index(heading) if heading in cells else len(cells)
            elif column < len(cells):
                found.append(cells[column])
        return found

    @property
    def links(self) -> list[str]:
        """The targets of links that stay inside the repository."""
        targets = _LINK.findall(_SPAN.sub("", self.prose))
        return [target for target in targets if not re.match(r"[a-z]+:", target)]

    @property
    def anchors(self) -> set[str]:
        """The names that a link may put behind `#`, made from the headings as GitHub makes them."""
        anchors: set[str] = set()
        seen: Counter[str] = Counter()
        for heading in _HEADING.findall(self.prose):
            name = _slug(heading)
            anchors.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
        return anchors


def read_pages(root: Path) -> list[Page]:
    """Return the pages below `root` that users and contributors read."""
    paths = [root / name for name in ROOT_PAGES] + sorted((root / FOLDER).rglob("*.md"))
    return [read_page(root, path) for path in paths]


def read_page(root: Path, path: Path) -> Page:
    return Page(path.relative_to(root), path.read_text(encoding="utf-8"))


def _slug(heading: str) -> str:
    shown = _LINKED_TEXT.sub(r"\1", heading).replace("`", "").lower()
    return re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")

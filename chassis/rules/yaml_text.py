"""Reads and writes YAML as plain data: bounded, without aliases, tags of objects or repeated keys."""

from typing import Any, Final

import yaml

MAX_DEPTH: Final = 20
MAX_REASON: Final = 200


class YamlError(Exception):
    """The text is no YAML that is accepted. `en` and `zh` name the line and the column, which start at 1."""

    def __init__(self, mark: yaml.Mark | None, en: str, zh: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self.en = f"line {line}, column {column}: {en}"
        self.zh = f"第 {line} 行第 {column} 列：{zh}"
        super().__init__(self.en)


def read_yaml(text: str) -> Any:
    """Return the data of one document. Raises YamlError."""
    try:
        refuse_aliases_and_depth(text)
        refuse_keys(yaml.compose(text, Loader=yaml.CSafeLoader))
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise YamlError(error.problem_mark, str(error.problem)[:MAX_REASON], "不是有效的 YAML") from None
    except (yaml.YAMLError, ValueError, AttributeError, LookupError) as error:
        # An explicit tag, such as !!timestamp, on a text of another kind.
        raise YamlError(None, str(error)[:MAX_REASON], "不是有效的 YAML") from None


def write_yaml(data: Any) -> str:
    """Return plain data as YAML, with its fields in their order."""
    return str(yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False))


def refuse_aliases_and_depth(text: str) -> None:
    """Raise YamlError for an alias, which may expand to any size, and beyond MAX_DEPTH levels."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        match event:
            case yaml.AliasEvent():
                raise YamlError(event.start_mark, "aliases are not allowed", "不允许使用别名")
            case yaml.CollectionStartEvent():
                depth += 1
            case yaml.CollectionEndEvent():
                depth -= 1
            case _:
                continue
        if depth > MAX_DEPTH:
            raise YamlError(event.start_mark, f"more than {MAX_DEPTH} levels", f"嵌套超过 {MAX_DEPTH} 层")


def refuse_keys(node: yaml.Node | None) -> None:
    """Raise YamlError for a key that is no text, or occurs twice in one mapping."""
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            refuse_keys(each)
    if isinstance(node, yaml.MappingNode):
        known: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError(key.start_mark, "a key must be a text", "键应为文本")
            if key.value in known:
                raise YamlError(key.start_mark, "the key occurs twice", "键重复")
            known.add(key.value)
            refuse_keys(value)

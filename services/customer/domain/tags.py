"""The rules of tags: the vocabulary defines them, and customers keep their tags when it changes."""

from chassis.commands.decider import RejectedError
from chassis.versions.decider import Kind
from contracts import customer as events
from contracts.customer.tags import Tag
from services.customer import commands
from services.customer.domain.state import Customer

MAX_TAGS_OF_A_CUSTOMER = 50
MAX_OFFERED_IN_WORDS = 20

TAG_VOCABULARY: Kind[events.TagVocabularyPublished] = Kind(("tag-vocabulary",))


def tag_added(customer: Customer, command: commands.TagCustomer) -> list[events.CustomerEvent]:
    if command.tag in customer.tags:
        return []
    if command.tag not in {tag.code for tag in command.offered}:
        raise unknown_tag(command.offered)
    if len(customer.tags) >= MAX_TAGS_OF_A_CUSTOMER:
        raise RejectedError(
            "too-many-tags",
            f"A customer can have at most {MAX_TAGS_OF_A_CUSTOMER} tags.",
            f"每个客户最多 {MAX_TAGS_OF_A_CUSTOMER} 个标签。",
        )
    return [events.TagAdded(tag=command.tag, vocabulary_number=command.vocabulary_number)]


def tag_removed(customer: Customer, tag: str) -> list[events.CustomerEvent]:
    return [events.TagRemoved(tag=tag)] if tag in customer.tags else []


def unknown_tag(offered: tuple[Tag, ...]) -> RejectedError:
    some, more = offered[:MAX_OFFERED_IN_WORDS], len(offered) > MAX_OFFERED_IN_WORDS
    en = ", ".join(f"{tag.code} ({tag.en})" for tag in some) + (", …" if more else "")
    zh = "、".join(f"{tag.zh}（{tag.code}）" for tag in some) + ("……" if more else "")
    return RejectedError(
        "unknown-tag",
        f"This tag is not in the vocabulary. Available tags: {en or 'none'}.",
        f"词表中没有该标签；可选：{zh or '无'}。",
        "tag",
    )

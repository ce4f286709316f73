"""The migrations of a database have different numbers, also those of packages that it shares with other services."""

from collections import Counter

import pytest

from deploy.stack.schemas import SCHEMAS


@pytest.mark.parametrize("service", SCHEMAS)
def test_no_two_migrations_of_a_database_have_the_same_number(service: str) -> None:
    names = [file.name for folder in SCHEMAS[service].migrations for file in folder.glob("*.sql")]
    numbers = Counter(name.partition("_")[0] for name in names)
    assert [name for name in names if numbers[name.partition("_")[0]] > 1] == []

"""The values of cells of imported files, and the rejection of invalid cells."""

import pytest

from chassis.files.days import CACHED_MOMENTS, read_moment
from chassis.files.importer import RowProblemError
from chassis.files.row_cells import choose, day, required


def test_a_word_outside_the_choices_is_refused_with_the_column() -> None:
    with pytest.raises(RowProblemError) as caught:
        choose({"已报价": 1}, "报价了", "跟进状态")
    assert (caught.value.document["column"], caught.value.document["code"]) == ("跟进状态", "unknown-word")


def test_an_unknown_word_is_refused_with_the_words_of_each_language() -> None:
    with pytest.raises(RowProblemError) as caught:
        choose({"已完成": 1, "已解决": 1, "done": 1, "跟进中": 2, "in-progress": 2}, "待跟进", "状态")
    assert caught.value.document["detail"] == "Must be one of: done, in-progress."
    assert caught.value.document["detail_zh"] == "须为以下之一：已完成、已解决、跟进中。"


def test_a_day_that_is_none_is_refused_with_the_column() -> None:
    with pytest.raises(RowProblemError) as caught:
        day("昨天", "最近沟通时间")
    assert (caught.value.document["column"], caught.value.document["code"]) == ("最近沟通时间", "not-a-date")


def test_a_day_that_is_missing_is_refused_with_the_column() -> None:
    with pytest.raises(RowProblemError) as caught:
        required(day("", "签订日期"), "签订日期")
    assert (caught.value.document["column"], caught.value.document["code"]) == ("签订日期", "missing")


def test_no_more_moments_are_cached_than_the_limit() -> None:
    assert read_moment.cache_info().maxsize == CACHED_MOMENTS
    for number in range(CACHED_MOMENTS + 1):
        read_moment(f"{20_000 + number}.5")
    assert read_moment.cache_info().currsize == CACHED_MOMENTS

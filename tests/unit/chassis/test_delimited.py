"""The lines of a text are those of Python's text files: quoted line ends stay as they are."""

import io

from hypothesis import given
from hypothesis import strategies as st

from chassis.files.delimited import LINE


@given(st.text('ab"\r\n,;\t\u2028\x0b安'))
def test_a_text_has_the_lines_of_a_file_without_translation(text: str) -> None:
    assert [match.group() for match in LINE.finditer(text)] == list(io.StringIO(text, newline=""))

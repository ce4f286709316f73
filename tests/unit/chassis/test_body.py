"""Strict JSON parsing: the same bytes give the same result everywhere, and an invalid body never causes a 5xx."""

import gzip
import json
from contextlib import suppress
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, Request
from hypothesis import given
from hypothesis import strategies as st

from chassis.commands.command import Command
from chassis.commands.problem import ProblemError
from chassis.http.access import Allow, Caller
from chassis.http.body import StrictRoute, read_body
from chassis.runtime.strict_json import MAX_DEPTH, MAX_DIGITS, MalformedJsonError, read_json
from contracts.types import Name
from tests.unit.chassis.issuer import Issuer, app_of, client_of

JSON = "application/json"
REFUSED = {
    "nothing": b"",
    "blank": b" \n",
    "half": b'{"name": "a"',
    "two values": b"1 2",
    "a trailing comma": b"[1,]",
    "single quotes": b"{'a': 1}",
    "a comment": b"[1] // no",
    "invalid UTF-8": b'"\xff\xfe\xfd"',
    "half a character": '"王"'.encode()[:-2] + b'"',
    "an overlong NUL": b'"\xc0\x80"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "GB18030": '"王敏"'.encode("gb18030"),
    "a raw control character": b'"a\x00b"',
    "a raw line break in a string": b'"a\nb"',
    "a name twice": b'{"a": 1, "a": 1}',
    "a name twice, once escaped": b'{"a": 1, "\\u0061": 2}',
    "a name twice in an object in an array": b'{"x": [{"y": {"a": 1, "b": 2, "a": 3}}]}',
    "NaN": b'{"a": NaN}',
    "Infinity": b"Infinity",
    "-Infinity": b"[-Infinity]",
    "1e999": b'{"a": 1e999}',
    "-1e999": b"-1e999",
    "5,000 digits": b"1" * 5_000,
    "one digit too many": b"1" * (MAX_DIGITS + 1),
    "a depth of 20,000": b"[" * 20_000 + b"]" * 20_000,
    "open brackets only": b'{"a":' * 40,
}


def nested(depth: int, inside: str = "1") -> bytes:
    return ("[" * depth + inside + "]" * depth).encode()


def refused(raw: bytes) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        read_body(raw)
    return caught.value


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_malformed_json_is_refused_in_both_languages(raw: bytes) -> None:
    error = refused(raw)
    assert (error.code, error.status_code) == ("malformed-json", 400)
    assert error.en
    assert error.zh


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b'{"a": 1, "a": 1}', "/a"),
        (b'{"a": 1, "b": 2, "\\u0061": 3}', "/a"),
        (b'{"x": [0, {"y": {"a": 1, "b": 2, "a": 3}}]}', "/x/1/y/a"),
        (b'{"a/b~": {"": NaN}}', "/a~1b~0/"),
        (b"NaN", ""),
        (b"[1, -Infinity]", "/1"),
        (b'{"a": [1, {"b": -1e999}]}', "/a/1/b"),
        (b'{"a": ' + b"1" * (MAX_DIGITS + 1) + b"}", "/a"),
        # The fault that comes first in the text is the one that the detail explains.
        (b'{"a": NaN, "b": 1, "b": 2}', "/a"),
        (b'{"a": 1, "a": {"b": NaN}}', "/a/b"),
    ],
)
def test_a_repeated_name_or_a_number_that_is_not_json_is_named_by_its_place(raw: bytes, place: str) -> None:
    error = refused(raw)
    assert [dict(each) for each in error.errors] == [{"pointer": place, "rule": "malformed", "detail": error.en}]


@pytest.mark.parametrize("raw", [b'{"a": ', b'{"a": NaN', b"", b'"\xff"', nested(MAX_DEPTH + 1, "NaN")])
def test_a_body_that_has_no_places_is_refused_as_a_whole(raw: bytes) -> None:
    assert not refused(raw).errors


@pytest.mark.parametrize(
    ("raw", "line", "column"),
    [
        (b"", 1, 1),
        (b"{'a': 1}", 1, 2),
        (b'{\n  "a": 1\n  "b": 2\n}', 3, 3),
        ('{"王": "小",\r\n "明": 1 2}'.encode(), 2, 9),
        (b'["a\nb"]', 1, 4),
        (b'{"a": 1} {', 1, 10),
        (b'"\xff"', 1, 2),
        ('{\n "王":\n"小'.encode() + b'\xe5"}', 3, 3),
    ],
)
def test_what_is_not_json_or_not_utf8_is_named_by_line_and_column(raw: bytes, line: int, column: int) -> None:
    error = refused(raw)
    assert f" at line {line}, column {column}" in error.en
    assert f"第 {line} 行第 {column} 列" in error.zh


def test_the_deepest_body_that_is_allowed_is_read() -> None:
    assert json.dumps(read_json(nested(MAX_DEPTH))) == nested(MAX_DEPTH).decode()


def test_one_level_more_is_refused() -> None:
    assert "32" in refused(nested(MAX_DEPTH + 1)).en


def test_objects_and_arrays_count_alike() -> None:
    pairs = MAX_DEPTH // 2
    read_json(b'[{"a":' * pairs + b"1" + b"}]" * pairs)
    refused(b'[{"a":' * pairs + b"[]" + b"}]" * pairs)


def test_brackets_side_by_side_are_not_deep() -> None:
    assert len(read_json(b"[" + b"[]," * 1_000 + b"[]]")) == 1_001


@pytest.mark.parametrize("text", ["[" * 100, '\\"' + "{" * 100, "\\\\" + "[" * 100])
def test_brackets_inside_strings_do_not_count(text: str) -> None:
    assert read_json(f'["{text}"]'.encode()) == [json.loads(f'"{text}"')]


def test_the_longest_number_that_is_allowed_is_exact() -> None:
    assert read_json(b"9" * MAX_DIGITS) == 10**MAX_DIGITS - 1


def test_rare_characters_come_through_unchanged() -> None:
    text = "𠮷㛃·👨‍👩‍👧 ＝\u202e"
    assert read_json(json.dumps(text, ensure_ascii=False).encode()) == text
    assert read_json(json.dumps(text).encode()) == text


def test_a_lone_surrogate_is_left_to_the_fields_which_refuse_it() -> None:
    assert read_json(rb'"\ud800"') == "\ud800"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(ANYTHING)
def test_json_written_by_the_standard_library_is_read_back(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    with suppress(MalformedJsonError):
        read_json(raw)


class Thing(Command):
    name: Name
    parts: tuple[Name, ...] = ()


router = APIRouter(prefix="/v1", route_class=StrictRoute)
Guarded = Annotated[Caller, Depends(Allow())]
# What a request with an idempotency key sends in addition: then its body is hashed.
KEYS = [{}, {"Idempotency-Key": "1"}]


async def key_of(caller: Guarded) -> str:
    return caller.context.key


@router.get("/keys")
async def keys(caller: Guarded, key: Annotated[str, Depends(key_of)]) -> list[str]:
    return [caller.context.key, key]


@router.post("/things")
async def make(thing: Thing, _caller: Annotated[Caller, Depends(Allow())]) -> Thing:
    return thing


@router.post("/files", openapi_extra={"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}}})
async def send_file(request: Request, _caller: Guarded) -> int:
    return len(await request.body())


async def post(issuer: Issuer, raw: bytes, content_type: str | None = JSON, **more: str) -> tuple[int, dict[str, Any]]:
    headers = issuer.headers() | ({"Content-Type": content_type} if content_type else {}) | more
    async with client_of(app_of(router)) as client:
        response = await client.post("/v1/things", content=raw, headers=headers)
    return response.status_code, response.json()


@pytest.mark.parametrize("raw", [raw for raw in REFUSED.values() if raw], ids=[k for k, raw in REFUSED.items() if raw])
@pytest.mark.parametrize("more", KEYS, ids=["without key", "with key"])
async def test_over_http_a_bad_body_is_a_problem(issuer: Issuer, raw: bytes, more: dict[str, str]) -> None:
    status, document = await post(issuer, raw, **more)
    assert (status, document["code"]) == (400, "malformed-json")


async def test_an_empty_body_is_refused_for_its_missing_fields(issuer: Issuer) -> None:
    status, document = await post(issuer, b"")
    assert (status, document["code"]) == (422, "validation-failed")


async def test_the_policy_is_checked_before_the_body_is_parsed() -> None:
    async with client_of(app_of(router)) as client:
        response = await client.post("/v1/things", content=b"{", headers={"Content-Type": JSON})
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")


async def test_a_policy_that_two_dependencies_need_is_checked_once(issuer: Issuer) -> None:
    async with client_of(app_of(router)) as client:
        response = await client.get("/v1/keys", headers=issuer.headers())
    first, second = response.json()
    assert first == second


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "nonsense", None])
async def test_another_content_type_is_refused(issuer: Issuer, content_type: str | None) -> None:
    status, document = await post(issuer, b'{"name": "a"}', content_type)
    assert (status, document["code"]) == (415, "unsupported-type")


@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=utf-8", "Application/JSON"])
async def test_the_usual_json_content_types_are_accepted(issuer: Issuer, content_type: str) -> None:
    assert (await post(issuer, b'{"name": "a"}', content_type))[0] == 200


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "identity, deflate", "nonsense"])
@pytest.mark.parametrize(
    ("language", "said"), [("en", "Send the body without Content-Encoding."), ("zh", "请去掉 Content-Encoding")]
)
@pytest.mark.parametrize("path", ["/v1/things", "/v1/files"])
async def test_a_content_encoding_is_refused_by_the_name_of_the_header(
    issuer: Issuer, encoding: str, language: str, said: str, path: str
) -> None:
    headers = issuer.headers(content_type=JSON, content_encoding=encoding, accept_language=language)
    async with client_of(app_of(router)) as client:
        response = await client.post(path, content=gzip.compress(b'{"name": "a"}'), headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported-type")
    assert [error["pointer"] for error in response.json()["errors"]] == ["header:Content-Encoding"]
    assert said in response.json()["detail"]
    assert said in response.json()["errors"][0]["detail"]
    assert response.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("encoding", ["identity", "Identity", "", "identity, identity"])
async def test_a_body_that_is_not_encoded_is_accepted(issuer: Issuer, encoding: str) -> None:
    assert (await post(issuer, b'{"name": "a"}', **{"Content-Encoding": encoding}))[0] == 200


async def test_a_route_without_a_body_reads_no_content_encoding(issuer: Issuer) -> None:
    async with client_of(app_of(router)) as client:
        response = await client.get("/v1/keys", headers=issuer.headers(content_encoding="gzip"))
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (rb'{"name": "\ud800"}', "/name"),
        (rb'{"name": "\udc00\ud800"}', "/name"),
        (rb'{"name": "a\u0000b"}', "/name"),
        (rb'{"name": "a", "parts": ["b", "\ud800"]}', "/parts/1"),
    ],
)
@pytest.mark.parametrize("more", KEYS, ids=["without key", "with key"])
async def test_a_text_that_cannot_be_stored_is_refused_by_its_field(
    issuer: Issuer, raw: bytes, pointer: str, more: dict[str, str]
) -> None:
    status, document = await post(issuer, raw, **more)
    assert (status, [error["pointer"] for error in document["errors"]]) == (422, [pointer])


@pytest.mark.parametrize("more", KEYS, ids=["without key", "with key"])
async def test_a_field_name_that_cannot_be_encoded_is_still_answered(issuer: Issuer, more: dict[str, str]) -> None:
    status, document = await post(issuer, rb'{"name": "a", "\ud800": 1}', **more)
    assert (status, document["code"]) == (422, "validation-failed")

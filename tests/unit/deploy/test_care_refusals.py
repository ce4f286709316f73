"""What `./care` prints of a request that a service refuses: each sentence once."""

import httpx
import pytest

from deploy.care.__main__ import _refusal

URL = "http://care.test/v1/customers"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"detail": "The stage cannot change."}, "The stage cannot change."),
        (
            {"detail": "The stage cannot change.", "errors": [{"detail": "The stage cannot change."}]},
            "The stage cannot change.",
        ),
        (
            {
                "detail": "Invalid fields: 2.",
                "errors": [{"detail": "Unknown field."}, {"detail": "Must be an integer."}],
            },
            "Invalid fields: 2. Unknown field. Must be an integer.",
        ),
    ],
)
def test_a_refusal_says_each_sentence_once(document: dict[str, object], said: str) -> None:
    refused = httpx.Response(409, json=document, request=httpx.Request("POST", URL))
    assert _refusal(refused).en == f"{said} (409 {URL})"


def test_an_answer_that_is_no_problem_is_repeated() -> None:
    refused = httpx.Response(502, text="Bad Gateway", request=httpx.Request("POST", URL))
    assert _refusal(refused).en == f"Bad Gateway (502 {URL})"

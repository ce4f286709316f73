"""What the documentation names exists, and each rule is shown a name that it must find missing."""

from pathlib import Path, PurePath

import pytest

from tests.architecture import doc_rules as rules
from tests.architecture.pages import Page, read_pages

ROOT = Path(__file__).parents[2]

RULES = (
    rules.links_resolve,
    rules.paths_exist,
    rules.routes_exist,
    rules.route_endings_exist,
    rules.wire_names_exist,
    rules.events_exist,
    rules.metrics_exist,
    rules.settings_exist,
    rules.make_targets_exist,
    rules.care_commands_exist,
    rules.modules_exist,
)

VIOLATIONS = [
    (rules.links_resolve, "[a page](no-such-page.md)"),
    (rules.links_resolve, "[a folder](../no/such/folder)"),
    (rules.links_resolve, "[a heading](rest.md#no-such-heading)"),
    (rules.links_resolve, "## Here\n[a heading of this page](#there)"),
    (rules.links_resolve, "## Twice\n[the second of one heading](#twice-1)"),
    (rules.links_resolve, "```\n## A comment\n```\n[no heading](#a-comment)"),
    (rules.links_resolve, "[a heading of a folder](../tests#unit)"),
    (rules.paths_exist, "`services/customer/no_such_file.py`"),
    (rules.paths_exist, "`chassis/no_such_folder`"),
    (rules.paths_exist, "`tests/unit/no_such_folder/*.py`"),
    (rules.paths_exist, "`tests/unit/{customer,nobody}/test_merging.py`"),
    (rules.paths_exist, "`services/{name}/no_such_file.py`"),
    (rules.paths_exist, "`chassis/no_such_file.py:17`"),
    (rules.paths_exist, "`services/customer/domain/no_such_file.py::Customer`"),
    (rules.paths_exist, "`test_no_such_thing.py`"),
    (rules.paths_exist, "`.ci/no-such-step`"),
    (rules.routes_exist, "`GET /v1/no-such-things`"),
    (rules.routes_exist, "curl http://127.0.0.1:8001/v1/customers/$ID/no-such-thing"),
    (rules.routes_exist, "`/v1/customers/{id}/timeline/more`"),
    (rules.routes_exist, "`DELETE /v1/stages`"),
    (rules.routes_exist, "`GET /v1/{contacts,no-such-things}/{id}/events`"),
    (rules.routes_exist, "`GET /v1/customers/0190-77/no-such-thing`"),
    (rules.routes_exist, "`GET /v1/no-such-things/…`"),
    (rules.routes_exist, "`/nosuchz`"),
    (rules.route_endings_exist, "`POST /v1/customers/{id}/tier/release`, `/no-such-ending`"),
    (rules.route_endings_exist, "`DELETE …/tags`"),
    (rules.route_endings_exist, "`…/{tag}/no-such-ending`"),
    (rules.wire_names_exist, "`care.customer.no-such-topic.v1`"),
    (rules.wire_names_exist, "care.alert.raised.v9"),
    (rules.wire_names_exist, "`care.*.no-such-answers.v1`"),
    (rules.wire_names_exist, "`care.nobody.*`"),
    (rules.events_exist, "| Route | Event |\n|---|---|\n| `GET /v1/stages` | `no-such-event` |"),
    (rules.events_exist, "| Event | Route |\n|---|---|\n| `order-placed`, `-no-such-ending` | `GET /v1/stages` |"),
    (rules.events_exist, "| Event |\n|---|\n| `order` |"),
    (rules.metrics_exist, "`care_no_such_total`"),
    (rules.metrics_exist, "care_no_such_seconds_bucket"),
    (rules.metrics_exist, "the database care_nobody"),
    (rules.settings_exist, "`CARE_NO_SUCH_SETTING`"),
    (rules.settings_exist, "```\nCARE_NO_SUCH_URL=… make run\n```"),
    (rules.make_targets_exist, "`make nothing`"),
    (rules.make_targets_exist, "```console\n$ make nothing   # does nothing\n```"),
    (rules.make_targets_exist, "```bash\nTOKEN=$(make -s nothing)\n```"),
    (rules.care_commands_exist, "`./care nothing --json`"),
    (rules.care_commands_exist, "```console\n$ ./care no-such-command\n```"),
    (rules.modules_exist, "`python -m services.nobody`"),
    (rules.modules_exist, "```\n.venv/bin/python -m deploy.no_such_module list\n```"),
    (rules.modules_exist, "`python -m services.customer.domain`"),
]

INNOCENT = [
    "[a page](rest.md), [elsewhere](https://example.org/no), [a folder](adr), [the readme](../README.md#licence)",
    "## Two clocks, `as_of`\n[here](#two-clocks-as_of)\n## Two clocks, `as_of`\n[below](#two-clocks-as_of-1)",
    "## 目录结构\n[这里](#目录结构)",
    "`[not](a-link.md)`",
    "`chassis/service.py:12`, `chassis/service.py::Service`, `services/*/__main__.py`, `services/{name}/__main__.py`",
    "`tests/unit/{customer,followup}`, `deploy/…`, `test_docs.py`, `.ci/run`, a path/services/of/others",
    "`POST /v1/customers`, `GET /v1/customers/{id}`, `/v1/customers/1bd2cda6-856d-5279-a632-22a61ebfa12e/stage`",
    "`GET /v1/customers?tag=&stage=`, `GET /v1/{contacts,tasks}/{id}/events`, `/v1/customers/…`, all of `/v1`",
    "`POST /v1/customers/{id}/handover`, `…/acceptance`, `/withdrawal`, `DELETE …/{tag}`, `/problems/rejected`",
    "curl http://127.0.0.1:8001/v1/customers/$ID/stage -d '{}'",
    "`/livez`, `/readyz`, `/startupz`, `/metrics`, `/openapi.json`",
    "`care.customer.events.v1`, `care.alert.raised.v1`, `care.watermark.v1`, `care.*`, `care.alert.*`",
    "| Event |\n|---|\n| `order-placed`, `-cancelled` with `batch_id` |\n\nFree text with `no-such-event`",
    "| Route | Rule |\n|---|---|\n| `GET /v1/stages` | `no-such-event` |",
    "`care_commands_total`, `care_customer`, `http_server_request_duration_seconds`",
    "`CARE_POOL_SIZE`, `CARE_CUSTOMER_URL`, `CARE_KAFKA_FROM`, `CARE_…`",
    "`make run PORT_BASE=9000`, `make -s token`, `make up` and make it work",
    "`./care start --only-servers`, `./care parked reporting list`, `./care --help`, a path/care nothing",
    "`python -m services.NAME migrate`, `python -m services.alerts consumer`, `python -m venv`",
]


@pytest.mark.parametrize("rule", RULES)
def test_what_our_pages_name_exists(rule: rules.Rule) -> None:
    missing = [f"{page.path.as_posix()}: {name}" for page in read_pages(ROOT) for name in rule(page, ROOT)]
    assert missing == []


def test_every_page_is_read() -> None:
    read = {page.path.as_posix() for page in read_pages(ROOT)}
    assert {"README.md", "README.zh-CN.md", "CONTRIBUTING.md", "docs/rest.md", "docs/adr/README.md"} <= read


@pytest.mark.parametrize(("rule", "text"), VIOLATIONS)
def test_a_name_of_nothing_is_found(rule: rules.Rule, text: str) -> None:
    assert len(rule(_page(text), ROOT)) == 1


@pytest.mark.parametrize("text", INNOCENT)
def test_names_of_what_exists_are_left_alone(text: str) -> None:
    assert [name for rule in RULES for name in rule(_page(text), ROOT)] == []


def _page(text: str) -> Page:
    return Page(PurePath("docs/a-page.md"), text)

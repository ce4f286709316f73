"""The proxy's configuration, and what has to be the same beside it."""

import re
from pathlib import Path

from chassis.files.table import MAX_BYTES
from chassis.http.admission import MAX_CONCURRENT
from chassis.http.body import MAX_BODY_BYTES
from chassis.service import KEEP_ALIVE_SECONDS
from tests.support.nginx import CONFIGURATION, SERVICES

COMPOSE = Path(__file__).parents[3] / "docker-compose.yml"
TEMPLATE = (CONFIGURATION / "nginx.conf.template").read_text()
LOCATIONS = (CONFIGURATION / "care" / "service.conf").read_text()


def numbers(pattern: str, text: str) -> set[int]:
    return {int(found) for found in re.findall(pattern, text)}


def test_nginx_admits_as_many_requests_as_one_process() -> None:
    assert TEMPLATE.count(f"max_conns={MAX_CONCURRENT} max_fails=0;") == len(SERVICES)


def test_nginx_takes_bodies_as_large_as_a_service_does() -> None:
    assert numbers(r"client_max_body_size (\d+)k;", TEMPLATE) == {MAX_BODY_BYTES // 1024}
    (megabytes,) = numbers(r"client_max_body_size (\d+)m;", LOCATIONS)
    assert MAX_BYTES < megabytes * 1024 * 1024 <= MAX_BYTES + 1024 * 1024


def test_nginx_lets_go_of_a_connection_before_the_service_closes_it() -> None:
    kept = numbers(r"keepalive 100;\s+keepalive_timeout (\d+)s;", TEMPLATE)
    assert kept
    assert max(kept) < KEEP_ALIVE_SECONDS


def test_the_containers_fill_in_all_that_the_template_asks_for() -> None:
    asked = set(re.findall(r"\$\{(CARE_\w+)\}", TEMPLATE))
    given = set(re.findall(r"^      (CARE_\w+):", COMPOSE.read_text().partition("  proxy:\n")[2], re.MULTILINE))
    assert asked == given


def test_nginx_looks_the_containers_up_while_it_runs() -> None:
    proxy = COMPOSE.read_text().partition("  proxy:\n")[2]
    assert re.findall(r"CARE_(\w+)_ADDRESS: (\w+):8000 resolve\n", proxy) == [(name.upper(), name) for name in SERVICES]
    asked = re.search(r"NGINX_ENVSUBST_FILTER: (.+)", proxy)
    assert asked
    assert re.match(asked[1].replace("$$", "$"), "NGINX_LOCAL_RESOLVERS")
    # Without a zone, nginx does not start with such an address.
    # Each service has one for requests and one for probes; alerts has one for its live streams, too.
    assert TEMPLATE.count("    upstream ") == TEMPLATE.count("        zone ") == 2 * len(SERVICES) + 1

"""`care shipped` shows what is shipped, without a running product."""

import json
import os
import subprocess
import sys

import pytest

from deploy.care import output
from deploy.care.__main__ import application
from deploy.care.shipped import KINDS, shipped
from services.alerts.shipped.rules import INACTIVITY

OF_ALERTS = {"rule", "contact-definition", "ladder", "quiet-hours"}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    application(["shipped", *arguments])(["shipped", *arguments], standalone_mode=False)
    return capsys.readouterr().out


def test_every_kind_of_definition_is_shown() -> None:
    assert {each.kind for each in shipped()} == KINDS.keys()
    assert len({(each.kind, each.name) for each in shipped()}) == len(list(shipped()))


def test_the_json_document_has_the_whole_definitions(capsys: pytest.CaptureFixture[str]) -> None:
    found = {(each["kind"], each["name"]): each for each in json.loads(run(capsys, "--json"))}
    rule = found["rule", "inactivity"]["definition"]
    assert (rule["id"], rule["shape"], rule["parameters"]["days"]["follow-up"]["vip"]) == ("inactivity", "silence", 7)
    assert rule["texts"]["title"] == {"en": INACTIVITY.title.en, "zh": INACTIVITY.title.zh}
    assert found["tier-scheme", "default"]["parts"] == ["vip", "growth", "ordinary"]
    assert found["plan-template", "after-delivery"]["definition"]["steps"][0]["offset"] == 3
    assert found["calendar", "china-office"]["definition"]["zone"] == "Asia/Shanghai"


def test_the_service_shows_the_same_without_a_server() -> None:
    environment = {"PATH": os.environ["PATH"]}
    for arguments in (["shipped", "--json"], ["shipped"]):
        command = [sys.executable, "-m", "services.alerts", *arguments]
        shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        assert "inactivity" in shown
        if "--json" in arguments:
            of_alerts = [each.definition for each in shipped() if each.kind in OF_ALERTS]
            assert json.loads(shown) == json.loads(json.dumps(of_alerts))


def test_the_table_names_every_definition(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output.stdout, "_width", 200)
    shown = run(capsys, "--language", "zh")
    assert all(each.name in shown for each in shipped())
    assert "预警规则" in shown

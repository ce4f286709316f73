"""The rules of contracts: given events, when a command, then events."""

from datetime import date

import pytest
from pydantic import ValidationError

from contracts.customer import (
    ContractEnded,
    ContractKind,
    ContractRenewed,
    ContractSigned,
    RenewalIntent,
    RenewalIntentStated,
)
from services.customer.commands import EndContract, RenewContract, SignContract, StateRenewalIntent
from services.customer.domain.contract import CONTRACT
from tests.support.spec import Spec

contract = Spec(CONTRACT)
FIRST = {"starts_on": date(2024, 1, 1), "ends_on": date(2024, 12, 31), "amount_minor": 1_000, "currency": "CNY"}
NEXT = FIRST | {"starts_on": date(2025, 1, 1), "ends_on": date(2025, 12, 31)}
sign = SignContract.model_validate({**FIRST, "kind": "strategic"})
signed = ContractSigned.model_validate({**FIRST, "kind": ContractKind.STRATEGIC})
renew, renewed = RenewContract.model_validate(NEXT), ContractRenewed.model_validate(NEXT)
wants = RenewalIntentStated(intent=RenewalIntent.YES)
ended = ContractEnded(reason="not-renewed")


def test_a_contract_is_signed_for_a_term() -> None:
    contract.given().when(sign).then(signed)


def test_the_same_contract_recorded_twice_adds_no_event_even_after_a_renewal() -> None:
    contract.given(signed).when(sign).then()
    contract.given(signed, renewed).when(sign).then()


def test_the_same_contract_with_another_term_is_rejected() -> None:
    other = SignContract.model_validate({**NEXT, "kind": "strategic"})
    contract.given(signed).when(other).then_rejected("contract-differs")


def test_what_the_customer_intends_is_recorded_when_it_changes() -> None:
    contract.given(signed).when(StateRenewalIntent(intent=RenewalIntent.YES)).then(wants)
    contract.given(signed, wants).when(StateRenewalIntent(intent=RenewalIntent.YES)).then()


def test_after_a_renewal_the_intent_is_unknown_again() -> None:
    contract.given(signed, wants, renewed).when(StateRenewalIntent(intent=RenewalIntent.UNKNOWN)).then()
    contract.given(signed, wants, renewed).when(StateRenewalIntent(intent=RenewalIntent.YES)).then(wants)


def test_a_contract_is_renewed_after_its_term_and_once() -> None:
    contract.given(signed).when(renew).then(renewed)
    contract.given(signed, renewed).when(renew).then()


def test_a_renewal_within_the_term_is_refused() -> None:
    early = RenewContract.model_validate({**NEXT, "starts_on": date(2024, 12, 31)})
    contract.given(signed).when(early).then_rejected("renewal-too-early")


def test_an_ended_contract_is_neither_renewed_nor_about_to_be() -> None:
    contract.given(signed, ended).when(renew).then_rejected("contract-ended")
    contract.given(signed, ended).when(StateRenewalIntent(intent=RenewalIntent.YES)).then_rejected("contract-ended")


def test_a_contract_ends_once() -> None:
    contract.given(signed).when(EndContract(reason="not-renewed")).then(ended)
    contract.given(signed, ended).when(EndContract(reason="other")).then()
    contract.given().when(EndContract(reason="other")).then_rejected("contract-unknown")


def test_a_term_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValidationError):
        SignContract.model_validate({**FIRST, "ends_on": date(2023, 12, 31)})

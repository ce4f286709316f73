"""The rules of a customer's numbers in other systems, in examples."""

from uuid import UUID

from contracts.customer import Kind, ReferenceAdded, ReferenceReserved, Registered
from contracts.examples import example_envelope
from services.customer.commands import AddReference, ExternalReference, Register, ReserveReference
from services.customer.domain import CUSTOMER
from services.customer.domain.references import MAX_REFERENCES
from services.customer.projection import references
from tests.support.spec import Spec

customer = Spec(CUSTOMER)
registered = Registered(kind=Kind.COMPANY, name="上海腾云", external_system="crm", external_id="KH-1")
ERP = ExternalReference(system="erp", id="100217")
added = ReferenceAdded(external_system="erp", external_id="100217")
HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
reserved = ReferenceReserved(external_system="erp", external_id="100217", customer_id=HERE)
reserve = ReserveReference(reference=ERP, customer_id=HERE)


def test_another_number_is_added_once() -> None:
    customer.given(registered).when(AddReference(reference=ERP)).then(added)
    customer.given(registered, added).when(AddReference(reference=ERP)).then()


def test_the_number_of_the_registration_is_known_already() -> None:
    known = ExternalReference(system="crm", id="KH-1")
    customer.given(registered).when(AddReference(reference=known)).then()


def test_an_unregistered_customer_has_no_numbers() -> None:
    customer.given().when(AddReference(reference=ERP)).then_rejected("customer-unknown")


def test_a_customer_has_only_so_many_numbers() -> None:
    facts = [ReferenceAdded(external_system="erp", external_id=str(number)) for number in range(MAX_REFERENCES - 1)]
    customer.given(registered, *facts).when(AddReference(reference=ERP)).then_rejected("too-many-references")
    customer.given(registered, *facts[1:]).when(AddReference(reference=ERP)).then(added)


def test_a_free_number_is_reserved_for_one_customer() -> None:
    customer.given().when(reserve).then(reserved)
    customer.given(reserved).when(reserve).then()
    other = ReserveReference(reference=ERP, customer_id=ELSEWHERE)
    customer.given(reserved).when(other).then_rejected("reference-taken")


def test_the_number_of_a_registered_customer_is_taken() -> None:
    customer.given(registered).when(reserve).then_rejected("reference-taken")


def test_no_customer_is_registered_under_a_number_of_another_customer() -> None:
    customer.given(reserved).when(Register(name="上海腾云")).then_rejected("reference-leads-elsewhere")


def test_each_number_has_one_row() -> None:
    at = example_envelope(reserved, subject=HERE, stream_id=ELSEWHERE)
    assert references.project(at) == references.ReferenceRow(number_id=ELSEWHERE, customer_id=HERE)
    first = example_envelope(registered, subject=HERE, stream_id=HERE)
    assert references.project(first) == references.ReferenceRow(number_id=HERE, customer_id=HERE)
    assert references.project(example_envelope(Registered(kind=Kind.COMPANY, name="a"))) is None
    assert references.project(example_envelope(added)) is None

"""What followup tells of that tier rules count."""

from uuid import uuid4

from contracts import followup
from contracts.examples import COMPLAINT_ID, CONTACT_ID, CUSTOMER_ID, OCCURRED_AT, example, example_envelope
from services.customer.touches import Touch, touches


def test_what_somebody_said_or_complained_of_counts_and_nothing_else() -> None:
    contact, complaint = example(followup.ContactLogged), example(followup.ComplaintRaised)
    automatic = example_envelope(example(followup.ContactLogged, automated=True), stream_id=uuid4())
    others = [example_envelope(example(each)) for each in (followup.TaskScheduled, followup.ComplaintClosed)]
    told = [example_envelope(contact), example_envelope(complaint), automatic, *others]
    assert list(touches(told)) == [
        Touch(CONTACT_ID, CUSTOMER_ID, "contact", OCCURRED_AT),
        Touch(COMPLAINT_ID, CUSTOMER_ID, "complaint", OCCURRED_AT),
    ]

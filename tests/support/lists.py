"""The projection of the customer service's lists, with a key for tests."""

from pydantic import SecretStr

from chassis.store.pseudonym import Pseudonyms
from services.customer import projection

APPLY = projection.handler(Pseudonyms(SecretStr("k" * 32)))

"""Telling of competitors and referrals."""

from uuid import UUID

from chassis.command import FactCommand
from contracts.types import Code


class SeeCompetitor(FactCommand):
    """Record that a competitor was met at the customer."""

    competitor: Code
    is_cheaper: bool | None = None


class MakeReferral(FactCommand):
    """Record that the customer recommended us."""

    referred_customer_id: UUID | None = None

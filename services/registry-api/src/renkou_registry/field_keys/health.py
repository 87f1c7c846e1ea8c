"""Tables about people's health, column by column: what stands in the clear there, and what it is needed for.

A test sees to it that a new column of these tables is sealed or gets its reason here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_FRAME = """
id serial number position version place revision person_id first_person_id second_person_id partner_id area
population sex recorded_at recorded_by changed_at changed_in worker_id settled_by card_id check_id service_id visit_id
batch_id client_id device_id sent_by received_at base_version form_version basis point_id document_id next_change_on
consent share_with_home taken_back_at taken_back_by
"""
FRAME = frozenset(_FRAME.split())
"""Who, where, when and under which right: what every record has, and says nothing about anybody's health."""


@dataclass(frozen=True, slots=True)
class InTheClear:
    """Columns of a table that are not sealed, and why not."""

    columns: str
    why: str


_STATE = "what became of an offer: worklists and figures are asked by it; that one declined is told nobody but the desk"
_DAY = "the day counts in its month, and lists are in its order"
CLEAR: Mapping[str, tuple[InTheClear, ...]] = {
    "card": (
        InTheClear(
            "opened_on state closed_reason closed_on",
            "follows from age and address alone; card_rate counts it",
        ),
        InTheClear(
            "visits_declined_on visits_resumed_on", "keeps visits from being offered; no list is asked by it"
        ),
    ),
    "card_fact": (
        InTheClear("kind current", "whether a method or a date was told, never which"),
        InTheClear("told_on confirmed_on", _DAY),
    ),
    "visit": (
        InTheClear("state", _STATE),
        InTheClear("due_on planned_on accepted_on settled_on next_due_on", _DAY),
    ),
    "visit_batch": (),
    "visit_batch_item": (
        InTheClear("state", "applied, refused or in conflict"),
        InTheClear("errors", "codes of what is wrong with an item, and its place; no value"),
    ),
    "service_given": (
        InTheClear("kind", "every figure of services counts by it; no list shows contraceptive procedures"),
        InTheClear("state cancelled_because", _STATE),
        InTheClear("given_on offered_on booked_for listed_on", _DAY),
        InTheClear("booked_by", "the person or an office"),
    ),
    "service_change": (
        InTheClear(
            "before after", "state and days of a service, as in `service_given`; its result is not in it"
        ),
        InTheClear("reason", "why an office changed it, in its words; findings belong into the result"),
    ),
    "prepregnancy_check": (
        InTheClear("state", "how far a check has come: coverage counts it; what was found is sealed"),
        InTheClear("registered_on ended_on", _DAY),
    ),
    "prepregnancy_consent": (InTheClear("given_on given_how", "the proof of a consent"),),
    "prepregnancy_step": (
        InTheClear("step done_on", "which part of the check was done and when; coverage counts it"),
        InTheClear(
            "reason", "why a finding was put right, in the station's words; findings belong into the values"
        ),
    ),
    "childbirth_registration": (
        InTheClear(
            "address child_ordinal state", "a registration is a record of the register, open to everyone"
        ),
        InTheClear("partner_name", "a name, as of every person"),
        InTheClear("registered_on withdrawn_on", _DAY),
    ),
    "supply_user": (
        InTheClear(
            "year since reached_on confirmed_on ended_on withdrawn",
            "supplies_reach_rate counts it; who it is, is sealed",
        ),
    ),
    "supply_recipient": (),
    "benefit_enrolment": (
        InTheClear(
            "scheme_id previous_id", "what is applied for; dues, payments and public notices run over it"
        ),
        InTheClear("confirmed", "names of facts that the community confirmed; what was declared is sealed"),
        InTheClear(
            "state origin notice_id end_cause", "how far a case has come: benefit_paid_rate counts it"
        ),
        InTheClear("applied_on active_on ended_on", _DAY),
        InTheClear("merged_person_id", "who the person was before a merge"),
    ),
}

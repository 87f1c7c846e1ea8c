"""The registers whose rows follow a change of communities, in this order, one phase of the change each.

People come before (with their cards, visits, addresses and search keys, which follow their history), then
households; then these. ``STAYING`` are the tables with an area that keep it, with the reason; a test compares
both with the schema.
"""

from renkou_registry.benefits.enrolments.service import AREA_FOLLOWING as ENROLMENTS
from renkou_registry.childbirth.service import AREA_FOLLOWING as CHILDBIRTH
from renkou_registry.corrections.service import AREA_FOLLOWING as CORRECTIONS
from renkou_registry.employers.service import AREA_FOLLOWING as EMPLOYERS
from renkou_registry.honour.service import AREA_FOLLOWING as HONOUR
from renkou_registry.petitions.service import AREA_FOLLOWING as PETITIONS
from renkou_registry.places.service import AREA_FOLLOWING as PLACES
from renkou_registry.prepregnancy.service import AREA_FOLLOWING as PREPREGNANCY
from renkou_registry.privacy.requests.service import AREA_FOLLOWING as PRIVACY_REQUESTS
from renkou_registry.rentals.service import AREA_FOLLOWING as RENTALS
from renkou_registry.services_given.service import AREA_FOLLOWING as SERVICES
from renkou_registry.successions import Following
from renkou_registry.supplies.following import AREA_FOLLOWING as SUPPLY_POINTS

REGISTERS: tuple[Following, ...] = (
    PLACES,
    SERVICES,
    PREPREGNANCY,
    CHILDBIRTH,
    HONOUR,
    ENROLMENTS,
    CORRECTIONS,
    PRIVACY_REQUESTS,
    EMPLOYERS,
    RENTALS,
    PETITIONS,
    SUPPLY_POINTS,
)
WITH_PEOPLE = frozenset({"person_address", "card", "visit", "household", "household_member"})
"""Follow with the history of their person, or with their household."""
WITH_THEIR_POINT = frozenset({"supply_level", "supply_stock", "supply_user"})
STAYING: dict[str, str] = {
    "activity": "held where it was held",
    "area_successor": "says which area followed",
    "area_unsettled": "names where the row stayed",
    "benefit_batch": "paid for the area it was made for",
    "benefit_due": "due where the case was; the next ones are due where it is",
    "benefit_line": "paid where it was due",
    "benefit_notice": "shown where it was shown",
    "benefit_notice_entry": "shown where it was shown",
    "benefit_objection": "about a notice that was shown there",
    "benefit_overpayment": "of a due that was paid there",
    "budget_line": "planned and spent for that area",
    "card_opening": "a job over an area",
    "duplicate_run": "a job over an area",
    "employer_statement": "due and signed where the employer was that year",
    "break_glass": "where the emergency was",
    "household_detail": "append-only",
    "method_count": "what was published by area; the next count follows the histories",
    "petition_reading": "append-only",
    "petition_reply": "append-only",
    "rental_agreement": "due and signed where the house was that year",
    "staff_assignment": "rights are extended to the successors",
    "substitution_duty": "a duty as the holder had it when it was handed over; what is extended is given anew",
    "supply_count": "taken where the point was",
    "supply_count_line": "append-only",
    "supply_document": "append-only",
    "supply_entry": "append-only",
    "supply_product": "of the whole district",
    "supply_recipient": "append-only",
    "supply_specification": "of the whole district",
    "supply_transfer": "between where the points were",
    "supply_transfer_line": "append-only",
    "survey": "of the area it was made for",
    "survey_answer": "append-only",
}

"""Every code list by its id, for whoever publishes or documents them."""

from types import MappingProxyType

from renkou_common.codes import cards, kinship, lists, maternal, nationalities
from renkou_common.codes.lists import CodeList
from renkou_common.codes.offices import OFFICE_LISTS

CODE_LISTS: MappingProxyType[str, CodeList] = MappingProxyType(
    {
        each.id: each
        for each in (
            lists.SEXES,
            lists.MARITAL_STATUSES,
            lists.POPULATIONS,
            lists.HOUSEHOLD_KINDS,
            lists.MEMBERSHIP_KINDS,
            lists.PLACE_KINDS,
            lists.KIN_KINDS,
            lists.UNMASK_PURPOSES,
            lists.DOCUMENT_KINDS,
            lists.SERVICE_KINDS,
            *maternal.LISTS,
            cards.CONTRACEPTIVE_METHODS,
            cards.CARD_STATES,
            cards.CARD_CLOSINGS,
            cards.VISIT_STATES,
            cards.VISIT_EFFECTS,
            cards.VISIT_PROBLEMS,
            kinship.RELATIONS,
            nationalities.NATIONALITIES,
            *OFFICE_LISTS,
        )
    }
)

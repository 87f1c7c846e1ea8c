"""What the tables of this service hold about people, field by field, and what each is for. No I/O.

A table or a column that is added later fails ``test_holdings`` until it has a purpose here. The purposes are those of
the register's catalogue (``GET /purposes`` of registry-api); names and numbers are not kept here but read from the
register, and stand in the sealed text of messages only. ``NO_PERSON`` are tables that tell of no person.
"""

from renkou_common.holdings import Held, held

HELD: dict[str, Held] = {
    "attachment_reading": held(
        "audit",
        "id message_id sha256 read_by read_at",
    ),
    "audit_entry": held(
        "audit",
        "id tx at actor_id actor_kind actor_name acting_for session address agent trace_id purpose "
        "reason action what person_ids record_id version records fields",
    ),
    "evidence_export": held(
        "audit",
        "id position message_id staff_id reason at",
    ),
    "certificate": held(
        "certificate",
        "id position number person_id person_ref registered_area birth_month sex valid_from valid_to "
        "limited_by revoked_on revocation_reason revocation_note revoked_by replaced_on replaced_as "
        "replacement_reason successor_id died_on list_number status_index kid sealed paper_sealed groups "
        "holder_key facts_changed facts_changed_at facts_changed_on issued_at issued_by version",
    ),
    "certificate_application": held(
        "certificate",
        "id position person_id person_ref registered_area kind reason groups holder_key replaces state "
        "applied_on applied_at closed_on certificate_id version",
    ),
    "certificate_application_step": held(
        "certificate",
        "position application_id step happened_on recorded_at actor_kind actor_id reason note",
    ),
    "certificate_check": held(
        "certificate",
        "id arrival_id result code issuer presentation_hash checked_on checked_at checked_by",
    ),
    "certificate_reissue": held(
        "certificate",
        "id position area kid state requested_at requested_by approved_at approved_by finished_at version",
    ),
    "certificate_reissue_item": held(
        "certificate",
        "reissue_id certificate_id state code successor_id",
    ),
    "certificate_step": held(
        "certificate",
        "position certificate_id step happened_on recorded_at actor_kind actor_id reason note",
    ),
    "arrival": held(
        "exchange_arrival",
        "id position person_id person_ref home_area area arrived_on birth_month sex check_applies due_on "
        "checked_on left_on destination_area workplace_district retracted_at recorded_at recorded_by "
        "version",
    ),
    "departure": held(
        "exchange_departure",
        "id position person_id person_ref registered_area birth_month sex destination_area departed_on "
        "reason ended_on ended_by recorded_at recorded_by version",
    ),
    "message": held(
        "exchange_follow_up",
        "id position direction partner kind version pair_seq thread in_reply_to agreement_id area "
        "person_ref arrival_id occurred_on state code drafted_at created_at expires_at due_on sent_at "
        "delivered_at read_at closed_at closed_by life_event_id sent_as content wanted digest sealed "
        "attempts next_attempt_at source_id source twin turn corrected_at withdrawn_at withdrawn_because "
        "attention correction_request_id reminders reminded_at revision",
    ),
    "message_content": held(
        "exchange_follow_up",
        "message_id number content replaced_by replaced_at",
    ),
    "message_log_text": held(
        "exchange_follow_up",
        "position message_id clear sealed",
    ),
    "person_decision": held(
        "own_consents",
        "person_ref topic forbids at",
    ),
    "followed_merge": held(
        "register_quality",
        "gone_ref kind row_id kept_ref gone_person_id note",
    ),
    "ended_session": held(
        "staff_accounts",
        "session_id until",
    ),
    "staff_assignment": held(
        "staff_accounts",
        "staff_id position role area area_high scopes valid_from valid_to acting_for",
    ),
    "outflow_mark": held(
        "statistics",
        "person_ref area happened_on kind count",
    ),
}
"""By table."""


def _tells(what: str, tables: str) -> dict[str, str]:
    return dict.fromkeys(tables.split(), what)


NO_PERSON: dict[str, str] = {
    **_tells(
        "agreements between districts, and what each declared about them",
        "agreement agreement_event",
    ),
    **_tells(
        "transport of events that other tables tell of by references, trimmed",
        "applied_event feed_counter feed_incident feed_position held_event outbox",
    ),
    **_tells(
        "places, hashes and signatures of the audit log",
        "audit_root audit_seal",
    ),
    **_tells(
        "the calendar of working days",
        "calendar_day",
    ),
    **_tells(
        "keys and published lists of districts",
        "compromised_certificate_key partner_description partner_status_list status_list trust_list partner_log_head",
    ),
    **_tells(
        "places in a published list, by certificate",
        "status_entry",
    ),
    **_tells(
        "what could not be read, sealed as it came: about whom is not known",
        "dead_letter",
    ),
    **_tells(
        "the copy of the catalogue of purposes",
        "exchange_purpose",
    ),
    **_tells(
        "digests and keys of requests, for minutes or days", "holder_proof idempotency_record rate_budget"
    ),
    **_tells(
        "how far a change of field keys has come",
        "key_rotation",
    ),
    **_tells(
        "hashes and places of messages; their texts are held",
        "message_log message_log_checkpoint message_log_head message_log_mention",
    ),
    **_tells(
        "counts and tests between districts",
        "pair_counter pair_finding partner_check receipt",
    ),
}
"""Tables that tell of no person, each with what it holds instead."""

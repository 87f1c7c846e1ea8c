"""The tables without row-level security, each with its reason; a table that is not here has to be under the floor."""

_STAFF = "who works here and where: read before the caller's area is known"
_FEED = "positions in feeds"
_EVENTS = "events without names or numbers, read by the node's own processes and services"
_AREAS = "the tree of areas, which everybody reads"
_CATALOGUE = "the district's common catalogue"
_BUDGETS = "how many requests are left to a hash of a caller; no person, no account, no address"
_SIGN_IN = (
    "who signed in when and from where, by accounts: read by the holder, the administrator and the auditor"
)
_ENDED = "ids of sessions that ended, for minutes"
_KEYS = "keys of repeated requests, found by their caller"


def _told(reason: str, tables: str) -> dict[str, str]:
    return dict.fromkeys(tables.split(), reason)


_RETENTION = "how long kinds of records are kept, and how many were removed"
_PURPOSES = "why personal information is processed, about nobody"
WITHOUT: dict[str, dict[str, str]] = {
    "registry": {
        "activity": "an event for the public, people only as a number",
        "alembic_version": "the schema's revision",
        "applied_event": _FEED,
        "area": _AREAS,
        "area_change": _AREAS,
        "area_former_name": _AREAS,
        "area_successor": _AREAS,
        "audit_entry": "the audit log, written before the caller's transaction, read by right; ids and names of fields",
        "audit_root": "signatures under the audit log",
        "audit_seal": "hashes of the audit log",
        "benefit_batch": "sums of a scheme in an area; its lines are under the floor",
        "benefit_export": "sums and checksum of a file; the file is under the floor",
        "benefit_export_copy": "who fetched a file again",
        "benefit_notice": "a public notice; whom it names is under the floor",
        "benefit_scheme": _CATALOGUE,
        "benefit_scheme_version": _CATALOGUE,
        "budget_line": "money of an area",
        "budget_plan": "money of an area",
        "budget_spending": "money of an area",
        "calendar_day": "which days are worked",
        "duplicate_run": "how far a comparison of an area has come",
        "export_log": "who took a list out and why: read by auditors of the district",
        "external_profile": _CATALOGUE,
        "feed_counter": _FEED,
        "feed_incident": _FEED,
        "feed_position": _FEED,
        "held_event": _EVENTS,
        "idempotency_record": _KEYS,
        "rate_budget": _BUDGETS,
        "import_applied": "checksums of files that were taken over",
        "key_rotation": "how far a change of field keys has come: counts",
        "method_count": "numbers by area, no person",
        "method_count_day": "numbers by area, no person",
        "outbox": _EVENTS,
        "record_change": "names of fields that changed in a version; no values",
        "provider_nonce": "hashes of nonces of sign-ins, for minutes",
        "recovery_code": "hashes of one-time codes of staff accounts",
        "refresh_token": "hashes of random tokens",
        "role": "which roles there are; they name nobody",
        "role_scope": "which roles there are; they name nobody",
        "scopes_apart": "which roles there are; they name nobody",
        "legal_basis": _PURPOSES,
        "purpose": _PURPOSES,
        "purpose_version": _PURPOSES,
        "approval": "what administrators and auditors decide on; accounts and roles, no records",
        "break_glass": "emergency access of staff; accounts and areas, no records",
        "substitution": _STAFF,
        "substitution_duty": _STAFF,
        "second_factor": "sealed secrets of staff accounts",
        "retention_change": _RETENTION,
        "retention_rule": _RETENTION,
        "retention_run": _RETENTION,
        "service_client": "the node's own services",
        "sign_in_event": _SIGN_IN,
        "sign_in_session": _SIGN_IN,
        "staff_account": _STAFF,
        "staff_identity": _STAFF,
        "staff_assignment": _STAFF,
        "supply_batch": _CATALOGUE,
        "supply_level": "stock to be kept at a point",
        "supply_point": "where supplies are handed out: an office",
        "supply_product": _CATALOGUE,
        "supply_specification": _CATALOGUE,
        "survey": "questions to the public",
        "survey_answer": "answers without a name",
        "survey_questions": "questions to the public",
        "unmask_use": "when staff read in the clear within an hour; no person",
        "visit_batch": "which device sent how much; its items are under the floor",
    },
    "migrant": {
        "agreement": "agreements between districts",
        "agreement_event": "agreements between districts",
        "alembic_version": "the schema's revision",
        "applied_event": _FEED,
        "audit_entry": "the audit log, written before the caller's transaction, read by right; ids and names of fields",
        "audit_root": "signatures under the audit log",
        "audit_seal": "hashes of the audit log",
        "calendar_day": _CATALOGUE,
        "compromised_certificate_key": "keys of the district",
        "dead_letter": "what could not be read, sealed as it came: of no known area; read with partner:manage",
        "ended_session": _ENDED,
        "feed_counter": _FEED,
        "feed_incident": _FEED,
        "feed_position": _FEED,
        "held_event": _EVENTS,
        "holder_proof": "digests of proofs, for minutes",
        "idempotency_record": _KEYS,
        "key_rotation": "how far a change of field keys has come: counts",
        "rate_budget": _BUDGETS,
        "message_log": "hashes of messages; their texts are under the floor",
        "message_log_checkpoint": "hashes of messages",
        "message_log_head": "hashes of messages",
        "message_log_mention": "places in the log; the texts are under the floor",
        "outbox": _EVENTS,
        "pair_counter": "counts of messages between districts",
        "pair_finding": "counts of messages between districts",
        "partner_check": "test messages between districts",
        "partner_description": "published keys of partners",
        "partner_log_head": "hashes of messages",
        "exchange_purpose": _PURPOSES,
        "partner_status_list": "published lists of partners",
        "receipt": "sealed to the partner it goes to",
        "staff_assignment": _STAFF,
        "status_entry": "places in a published list: which are taken has to be known for all areas",
        "status_list": "a published list",
        "trust_list": "published keys of partners",
    },
    "reporting": _told(
        "numbers by area, month and population; no event names anybody",
        """
        account_check account_incident area_cell area_cell_shadow cell cell_shadow cohort_cell cohort_cell_shadow
        cohort_recent cohort_stock fact fact_event fact_seal fact_shadow rebuild rebuild_difference reconciliation
        reconciliation_difference""",
    )
    | _told(
        "returns of offices: sums that they state",
        """
        aggregate_return form_reporter form_version return_entry return_line return_revision return_step""",
    )
    | _told(
        "figures, how they are defined, set as a target, signed and published",
        """
        closing closing_step definition_revision district_account district_figure district_source district_version
        forecast_scenario frozen_figures indicator indicator_version measure published_account published_cell
        published_count published_difference published_version scorecard scorecard_version suppression target
        target_version way_out""",
    )
    | _told(_AREAS, "area area_former_name area_succession")
    | _told(_FEED, "applied_event feed_incident feed_partition feed_position held_partition worker_copy")
    | {
        "alembic_version": "the schema's revision",
        "calendar_day": _CATALOGUE,
        "ended_session": _ENDED,
        "held_event": _EVENTS,
        "idempotency_record": _KEYS,
        "rate_budget": _BUDGETS,
        "staff_assignment": _STAFF,
    },
}
POINTERS: dict[str, dict[tuple[str, str], str]] = {
    "registry": {
        ("area_change", "next_person"): "how far a change of divisions has come",
        ("area_change", "households_followed"): "a number",
        ("area_change", "households_left_over"): "a number",
        ("import_applied", "import_job"): "see WITHOUT",
        ("audit_entry", "person_ids"): "see WITHOUT",
        ("substitution", "holder_id"): "a member of staff",
    },
    "migrant": {
        ("audit_entry", "person_ids"): "see WITHOUT",
        ("status_entry", "certificate_id"): "see WITHOUT",
    },
    "reporting": {},
}
"""Columns of tables without floor that name a person or a household."""
DEFINERS: dict[str, dict[str, str]] = {
    "registry": _told(
        "deletes of append-only tables what an ordered deletion names, or sign-ins that have had their time",
        "renkou_erase renkou_trim_sign_ins",
    ),
    "migrant": {},
    "reporting": _told(
        "empties or swaps tables of numbers, which the app role cannot truncate or rename",
        "renkou_empty_shadow renkou_empty_sums renkou_key_sums renkou_remove_facts renkou_reset_cohorts"
        " renkou_swap_shadow",
    ),
}
"""Functions that run with the owner's rights."""

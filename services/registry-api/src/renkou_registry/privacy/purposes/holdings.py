"""What the tables of this service hold about people, field by field, and what each is for. No I/O.

A table or a column that is added later fails ``test_purposes`` until it has a purpose here: what has none is not
stored. ``NO_PERSON`` are tables that tell of no person, each with what it holds instead.
"""

from renkou_common.holdings import Held, held

HELD: dict[str, Held] = {
    "person": held(
        "register_upkeep",
        "id ref document_kind resident_id_sealed resident_id_index name sex birth_date nationality "
        "marital_status registered_area registered_street registered_since present_area present_street "
        "present_since phone_sealed phone_index employer mother_id father_id spouse_id children_count "
        "alive died_on usual_area usual_next_area usual_next_on left_area other_document_kind "
        "other_document_sealed other_document_index place_id former_names withdrawn restricted version recorded_at "
        "recorded_by",
    ),
    "person_detail": held(
        "register_upkeep",
        "position person_id field value sealed valid_from correction recorded_at recorded_by",
    ),
    "person_address": held(
        "register_upkeep",
        "person_id kind known_from valid_from area street place_id counted_from valid_until known_until "
        "event_id",
    ),
    "person_key": held("register_upkeep", "person_id kind key present_area other_area"),
    "life_event": held(
        "register_upkeep",
        "id position person_id kind happened_on recorded_at recorded_by data corrects retracts cause",
    ),
    "kin_link": held(
        "register_upkeep",
        "id kind person_id kin_id counted known_from known_until recorded_by ended_by reason",
    ),
    "household": held(
        "register_upkeep",
        "id number kind area street place_id dissolved_on version recorded_at recorded_by",
    ),
    "household_member": held(
        "register_upkeep",
        "id household_id person_id relation area kind since until reason cause known_from known_until "
        "recorded_by",
    ),
    "household_detail": held(
        "register_upkeep",
        "position household_id number kind area street place_id dissolved valid_from recorded_at recorded_by",
    ),
    "import_job": held(
        "register_upkeep",
        "id kind state dry_run stock_date scope content_hash headings created_by created_at checked_at "
        "started_at finished_at rows_total rows_checked rows_applied rows_refused rows_warned next_place "
        "attempts failure_code failure_zh failure_en",
    ),
    "import_file": held("register_upkeep", "job_id part sealed"),
    "import_cells": held("register_upkeep", "job_id part first_row last_row sealed"),
    "import_block": held("register_upkeep", "job_id block part sealed"),
    "import_error": held(
        "register_upkeep",
        "position job_id severity row column_name cell code told_sealed",
    ),
    "import_applied": held("register_upkeep", "kind digest job_id"),
    "correction_request": held(
        "register_quality",
        "id person_id event_id kind area changes details_sealed reason base state requested_by "
        "requested_at decided_by decided_at decision_reason result_event_id version",
    ),
    "duplicate_candidate": held(
        "register_quality",
        "id first_id second_id probability traits state found_at settled_at settled_by reason version",
    ),
    "duplicate_merge": held(
        "register_quality",
        "id kept_id gone_id event_id document_taken reason merged_at merged_by joined undone_at undone_by "
        "version",
    ),
    "duplicate_moved": held("register_quality", "position merge_id table_name column_name row_key"),
    "duplicate_todo": held("register_quality", "position person_id"),
    "external_list": held(
        "register_quality",
        "id source kind purpose legal_basis columns scope state content_hash created_by created_at "
        "matched_at keep_until attempts failure_code failure_zh failure_en",
    ),
    "external_list_file": held("register_quality", "list_id part sealed"),
    "external_list_row": held(
        "register_quality",
        "list_id row sealed match score candidates findings action person_id event_id reason settled_by "
        "settled_at",
    ),
    "card": held(
        "service_offers",
        "id serial person_id opened_on state population area closed_reason closed_on next_change_on "
        "visits_declined_on visits_resumed_on version recorded_at recorded_by",
    ),
    "visit": held(
        "service_offers",
        "id card_id person_id basis state population area place due_on planned_on worker_id accepted_on "
        "settled_on settled_by outcome_sealed next_due_on version changed_in recorded_at",
    ),
    "visit_batch": held("service_offers", "id sent_by device_id batch_id request_hash received_at"),
    "visit_batch_item": held(
        "service_offers",
        "id batch_id place client_id state visit_id person_id base_version version sealed errors",
    ),
    "service_given": held(
        "service_offers",
        "id person_id kind given_on area share_with_home recorded_at recorded_by state version offered_on "
        "booked_for booked_by cancelled_because population sex result_sealed listed_on",
    ),
    "service_change": held(
        "service_offers",
        "id service_id version before after reason recorded_at recorded_by",
    ),
    "card_opening": held(
        "service_offers",
        "id area area_high state part after_area after_person examined opened requested_at requested_by "
        "finished_at",
    ),
    "card_fact": held(
        "card_health_data",
        "id card_id person_id kind told_on consent sealed current confirmed_on taken_back_at "
        "taken_back_by recorded_at recorded_by",
    ),
    "prepregnancy_check": held(
        "prepregnancy_check",
        "id first_person_id second_person_id area population state registered_on ended_on version "
        "recorded_at recorded_by",
    ),
    "prepregnancy_consent": held(
        "prepregnancy_check",
        "id check_id person_id given_on given_how recorded_at recorded_by",
    ),
    "prepregnancy_step": held(
        "prepregnancy_check",
        "id check_id person_id step revision done_on form_version values_sealed reason recorded_at "
        "recorded_by",
    ),
    "childbirth_registration": held(
        "childbirth_registration",
        "id number person_id partner_id partner_name address area child_ordinal state registered_on "
        "withdrawn_on version recorded_at changed_at recorded_by",
    ),
    "childbirth_birth": held(
        "childbirth_registration",
        "child_id registration_id born_on linked_at linked_by",
    ),
    "honour_certificate": held(
        "honour_certificate",
        "id number first_holder_id second_holder_id child_id area kind state issued_on replaces ended_on "
        "cancel_reason version recorded_at recorded_by",
    ),
    "benefit_enrolment": held(
        "benefits",
        "id scheme_id person_id merged_person_id area state origin applied_on declared_sealed confirmed "
        "account_sealed notice_id active_on ended_on end_cause previous_id version recorded_at "
        "recorded_by",
    ),
    "benefit_step": held("benefits", "position enrolment_id action state note taken_by taken_at"),
    "benefit_due": held(
        "benefits",
        "id scheme_id enrolment_id subject_id merged_subject_id period starts_on due_on months amount area",
    ),
    "benefit_line": held(
        "benefits",
        "id batch_id due_id merged_due_id enrolment_id scheme_id subject_id period part amount area state "
        "holds failure",
    ),
    "benefit_overpayment": held(
        "benefits",
        "id due_id enrolment_id amount area state found_at decided_by decided_at note version",
    ),
    "benefit_notice": held(
        "benefits",
        "id scheme_id area from_on to_on published_by published_at closed_at version",
    ),
    "benefit_notice_entry": held("benefits", "notice_id place enrolment_id area masked_name masked_number"),
    "benefit_objection": held(
        "benefits",
        "id notice_id enrolment_id area words_sealed state recorded_by recorded_at resolved_by "
        "resolved_at resolution version",
    ),
    "benefit_batch": held(
        "benefits",
        "id scheme_id period area state drafted_by drafted_at approved_by approved_at result_checksum "
        "settled_by settled_at version",
    ),
    "benefit_export": held("benefits", "batch_id format checksum line_count total exported_by exported_at"),
    "benefit_export_file": held("benefits", "batch_id sealed"),
    "benefit_export_copy": held("benefits", "id batch_id reason exported_by exported_at"),
    "supply_user": held(
        "supplies",
        "id area point_id person_sealed person_index population year since reached_on confirmed_on "
        "ended_on withdrawn version recorded_at recorded_by",
    ),
    "supply_recipient": held("supplies", "document_id area person_sealed person_index"),
    "employer": held(
        "offices",
        "id area name credit_code representative phone_sealed street since ended_on version recorded_at "
        "recorded_by",
    ),
    "employer_employee": held("offices", "id employer_id person_id since until recorded_at recorded_by"),
    "employer_statement": held(
        "offices",
        "id employer_id area year due_on state signed_on scan_number version recorded_at recorded_by",
    ),
    "rental": held(
        "offices",
        "id area street rooms landlord_id landlord_sealed phone_sealed since ended_on version recorded_at "
        "recorded_by",
    ),
    "rental_agreement": held(
        "offices",
        "id rental_id area year due_on state signed_on scan_number version recorded_at recorded_by",
    ),
    "rental_tenant": held("offices", "id rental_id person_id room since until recorded_at recorded_by"),
    "petition": held(
        "petitions",
        "id area received_on channel topic office anonymous name_sealed phone_sealed content_sealed state "
        "first_replied_on ended_on extended_on extension_reason first_due close_due next_due version "
        "recorded_at recorded_by",
    ),
    "petition_reading": held("petitions", "id petition_id area reason read_by read_at"),
    "petition_reply": held(
        "petitions",
        "id petition_id area replied_on closing content_sealed recorded_at recorded_by",
    ),
    "person_account": held(
        "own_account",
        "id person_id account password_hash code_hash code_expires_at active failed_attempts locked_until "
        "closed_at opened_at opened_by",
    ),
    "consent": held("own_consents", "id person_id purpose given_at given_by withdrawn_at withdrawn_by"),
    "consent_change": held("own_consents", "id person_id purpose given how changed_at changed_by"),
    "staff_account": held(
        "staff_accounts",
        "id username display_name password_hash must_change_password active version failed_attempts "
        "locked_until created_at updated_at",
    ),
    "staff_assignment": held("staff_accounts", "staff_id role area area_high valid_from valid_to"),
    "substitution": held(
        "staff_accounts",
        "id holder_id substitute_id valid_from valid_to every_duty reason given_by given_at ended_at ended_by version",
    ),
    "substitution_duty": held("staff_accounts", "substitution_id role area area_high"),
    "staff_identity": held("staff_accounts", "staff_id issuer subject linked_by linked_at"),
    "second_factor": held("staff_accounts", "staff_id secret_sealed confirmed_at last_step created_at"),
    "recovery_code": held("staff_accounts", "staff_id hash used_at"),
    "unmask_use": held("audit", "position read_by read_at kind"),
    "approval": held(
        "audit",
        "id kind subject_id wanted asked_by asked_at expires_at state decided_by decided_at remark version",
    ),
    "break_glass": held(
        "audit",
        "id staff_id reason purpose area area_high granted_at expires_at ended_at reviewed_by reviewed_at verdict "
        "finding version",
    ),
    "audit_entry": held(
        "audit",
        "id tx at actor_id actor_kind actor_name acting_for session address agent trace_id purpose reason action "
        "what person_ids record_id version records fields",
    ),
    "sign_in_event": held(
        "audit", "id happened_at outcome kind subject name session_id done_by address agent"
    ),
    "sign_in_session": held(
        "staff_accounts",
        "id subject kind name created_at last_used_at expires_at address agent ended_at ended_why two_factors",
    ),
    "refresh_token": held("staff_accounts", "hash session_id issued_at used_at attempt_hash successor"),
    "export_job": held(
        "audit",
        "id list_name format filters columns purpose_code purpose scope state created_by created_at finished_at "
        "expires_at place parts rows left_out attempts token_hash failure_code failure_zh failure_en",
    ),
    "export_part": held("audit", "job_id part sealed"),
    "export_log": held(
        "audit",
        "id job_id kind list_name filters columns purpose_code purpose rows left_out logged_by logged_at",
    ),
    "retention_hold": held(
        "audit",
        "id person_id record_id about_id cause reason until placed_at placed_by lifted_at lifted_by",
    ),
    "processing_restriction": held(
        "own_account",
        "id person_id reason request_id imposed_at imposed_by lifted_at lifted_by lifted_reason",
    ),
    "record_change": held("audit", "record_id version fields changed_at"),
    "erasure": held(
        "own_account",
        "id person_id record_ids request_id ordered_by approved_by state ordered_at carried_out_at account_due_on "
        "finished_at next_try_at told_kinds kept",
    ),
    "erasure_step": held("own_account", "erasure_id code place state cause counts done_at"),
    "privacy_request": held(
        "own_account",
        "id person_id area kind how wish about state due_on extended received_at received_by outcome reason law "
        "answer decided_at decided_by second_at second_by erasure_id closed_at version",
    ),
    "privacy_request_step": held("own_account", "request_id place act outcome told taken_at taken_by"),
}
NO_PERSON: dict[str, str] = {
    "activity": "counts and amounts of an office",
    "applied_event": "transport: references, areas and days only",
    "area": "areas and buildings",
    "area_change": "areas and buildings",
    "area_former_name": "areas and buildings",
    "area_successor": "areas and buildings",
    "area_unsettled": "areas and buildings",
    "benefit_scheme": "rules of a scheme",
    "benefit_scheme_version": "rules of a scheme",
    "budget_line": "counts and amounts of an office",
    "budget_plan": "counts and amounts of an office",
    "budget_spending": "counts and amounts of an office",
    "calendar_day": "working days",
    "duplicate_run": "progress of a comparison",
    "external_profile": "names of columns",
    "feed_counter": "transport: references, areas and days only",
    "feed_incident": "transport: references, areas and days only",
    "feed_position": "transport: references, areas and days only",
    "held_event": "transport: references, areas and days only",
    "idempotency_record": "that a request was made, for two days",
    "method_count": "counts of supplies",
    "method_count_day": "counts of supplies",
    "outbox": "transport: references, areas and days only",
    "place": "areas and buildings",
    "audit_root": "hashes over the log of readings and changes",
    "audit_seal": "hashes over the log of readings and changes",
    "key_rotation": "progress of a change of field keys",
    "provider_nonce": "that a sign-in by a provider was used, by a hash, for minutes",
    "rate_budget": "how many requests a caller may make, by a hash",
    "retention_change": "periods of retention",
    "retention_rule": "periods of retention",
    "retention_run": "how many records were removed",
    "role": "roles and their scopes",
    "role_scope": "roles and their scopes",
    "scopes_apart": "roles and their scopes",
    "service_client": "services of the node",
    "supply_batch": "counts of supplies",
    "supply_count": "counts of supplies",
    "supply_count_line": "counts of supplies",
    "supply_document": "counts of supplies",
    "supply_entry": "counts of supplies",
    "supply_level": "counts of supplies",
    "supply_point": "counts of supplies",
    "supply_product": "counts of supplies",
    "supply_specification": "counts of supplies",
    "supply_stock": "counts of supplies",
    "supply_transfer": "counts of supplies",
    "supply_transfer_line": "counts of supplies",
    "survey": "questions, and answers that name nobody",
    "survey_answer": "questions, and answers that name nobody",
    "survey_questions": "questions, and answers that name nobody",
    "purpose": "purposes of processing",
    "purpose_version": "purposes of processing",
    "legal_basis": "legal bases",
}

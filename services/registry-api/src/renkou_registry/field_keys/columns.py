"""Every protected column of the register, and the columns of bytes that are not. A test compares with the schema."""

from renkou_common.field_keys.columns import BlindIndex, ProtectedColumn, UnprotectedBytes
from renkou_registry.benefits.enrolments.notices import WORDS
from renkou_registry.benefits.enrolments.service import ACCOUNT, DECLARED
from renkou_registry.cards.facts import SEALED as CARD_FACT
from renkou_registry.corrections.repository import SEALED as CORRECTION
from renkou_registry.employers.service import PHONE as EMPLOYER_PHONE
from renkou_registry.persons.details import SEALED as DETAILS
from renkou_registry.persons.documents import OTHER_DOCUMENT
from renkou_registry.persons.registration import PHONE, RESIDENT_ID
from renkou_registry.petitions import service as petitions
from renkou_registry.prepregnancy.findings import VALUES
from renkou_registry.rentals import service as rentals
from renkou_registry.second_factor.domain import SEALED_AS as SECOND_FACTOR
from renkou_registry.services_given.service import RESULT
from renkou_registry.supplies.users.service import COLUMN as SUPPLIED
from renkou_registry.visits.batches import ITEM
from renkou_registry.visits.service import OUTCOME

ID = ("id",)
FEW = 8
"""Of values that may have a megabyte each."""
PROTECTED: tuple[ProtectedColumn, ...] = (
    ProtectedColumn(
        "person",
        "resident_id_sealed",
        ID,
        RESIDENT_ID,
        "居民身份证号",
        "resident ID number",
        index=BlindIndex("resident_id_index"),
    ),
    ProtectedColumn(
        "person", "phone_sealed", ID, PHONE, "联系电话", "phone", index=BlindIndex("phone_index")
    ),
    ProtectedColumn(
        "person",
        "other_document_sealed",
        ID,
        OTHER_DOCUMENT,
        "护照、出生医学证明号码",
        "number of a passport or birth certificate",
        index=BlindIndex("other_document_index", "{other_document_kind}:{value}", ("other_document_kind",)),
    ),
    ProtectedColumn(
        "person_detail",
        "sealed",
        ("position",),
        "{field}",
        "以前的证件号码、电话",
        "earlier numbers of documents and phones",
        reads=("field",),
        contexts=DETAILS,
    ),
    ProtectedColumn(
        "card_fact",
        "sealed",
        ID,
        CARD_FACT,
        "避孕方法、预产期",
        "method, expected delivery",
        health=True,
    ),
    ProtectedColumn(
        "visit",
        "outcome_sealed",
        ID,
        OUTCOME,
        "随访效果和问题",
        "effect and problem told on a visit",
        health=True,
    ),
    ProtectedColumn(
        "visit_batch_item",
        "sealed",
        ID,
        ITEM,
        "离线随访内容",
        "visit entered offline, in conflict",
        health=True,
    ),
    ProtectedColumn(
        "service_given", "result_sealed", ID, RESULT, "服务结果", "result of a service", health=True
    ),
    ProtectedColumn(
        "prepregnancy_step",
        "values_sealed",
        ID,
        VALUES,
        "孕前检查各项结果",
        "findings of a pre-pregnancy check",
        health=True,
    ),
    ProtectedColumn(
        "supply_user",
        "person_sealed",
        ID,
        SUPPLIED,
        "药具使用者",
        "who uses supplies",
        health=True,
        index=BlindIndex("person_index"),
    ),
    ProtectedColumn(
        "supply_recipient",
        "person_sealed",
        ("document_id",),
        SUPPLIED,
        "药具领取人",
        "who received supplies",
        health=True,
        index=BlindIndex("person_index"),
    ),
    ProtectedColumn(
        "benefit_enrolment",
        "declared_sealed",
        ID,
        DECLARED,
        "申报情况",
        "what an applicant declares",
        health=True,
    ),
    ProtectedColumn("benefit_enrolment", "account_sealed", ID, ACCOUNT, "银行账户", "bank account"),
    ProtectedColumn("benefit_objection", "words_sealed", ID, WORDS, "公示异议内容", "words of an objection"),
    ProtectedColumn(
        "benefit_export_file",
        "sealed",
        ("batch_id",),
        "benefit_export_file.sealed/{batch_id}",
        "发放清册",
        "payment file",
        batch=FEW,
    ),
    ProtectedColumn(
        "correction_request",
        "details_sealed",
        ID,
        CORRECTION,
        "更正申请内容",
        "name or number to be corrected",
    ),
    ProtectedColumn("employer", "phone_sealed", ID, EMPLOYER_PHONE, "单位联系电话", "phone of an employer"),
    ProtectedColumn("rental", "landlord_sealed", ID, rentals.NAME, "房东姓名", "landlord's name"),
    ProtectedColumn("rental", "phone_sealed", ID, rentals.PHONE, "房东电话", "landlord's phone"),
    ProtectedColumn("petition", "name_sealed", ID, petitions.NAME, "信访人姓名", "petitioner's name"),
    ProtectedColumn("petition", "phone_sealed", ID, petitions.PHONE, "信访人电话", "petitioner's phone"),
    ProtectedColumn("petition", "content_sealed", ID, petitions.CONTENT, "信访内容", "what a petition says"),
    ProtectedColumn("petition_reply", "content_sealed", ID, petitions.REPLY, "信访答复", "what a reply says"),
    ProtectedColumn(
        "second_factor",
        "secret_sealed",
        ("staff_id",),
        SECOND_FACTOR,
        "二次验证密钥",
        "secret of a second factor",
    ),
    ProtectedColumn(
        "import_file",
        "sealed",
        ("job_id", "part"),
        "import_file.sealed/{job_id}/{part}",
        "导入文件",
        "file that is imported",
        health=True,
        batch=FEW,
    ),
    ProtectedColumn(
        "import_cells",
        "sealed",
        ("job_id", "part"),
        "import_cells.sealed/{job_id}/{part}",
        "导入表格单元格",
        "cells of an import",
        health=True,
        batch=FEW,
    ),
    ProtectedColumn(
        "import_block",
        "sealed",
        ("job_id", "block", "part"),
        "import_block.sealed/{job_id}/{block}/{part}",
        "导入数据块",
        "rows of an import",
        health=True,
        batch=FEW,
    ),
    ProtectedColumn(
        "import_error",
        "told_sealed",
        ("position",),
        "import_error.told_sealed/{job_id}",
        "导入错误所引单元格内容",
        "what an import says of a wrong cell, which it quotes",
        health=True,
        reads=("job_id",),
    ),
    ProtectedColumn(
        "export_part",
        "sealed",
        ("job_id", "part"),
        "export_part.sealed/{job_id}/{part}",
        "导出数据",
        "rows of an export",
        health=True,
        batch=FEW,
    ),
    ProtectedColumn(
        "external_list_file",
        "sealed",
        ("list_id", "part"),
        "external_list_file.sealed/{list_id}/{part}",
        "外部门名单文件",
        "list that another office sent",
        batch=FEW,
    ),
    ProtectedColumn(
        "external_list_row",
        "sealed",
        ("list_id", "row"),
        "external_list_row.sealed/{list_id}/{row}",
        "外部门名单行",
        "row of such a list",
    ),
)
_HASH = "a hash that tells whether the same content comes again"
UNPROTECTED: tuple[UnprotectedBytes, ...] = (
    UnprotectedBytes("applied_event", "content_hash", "SHA-256 of an event, which carries no personal field"),
    UnprotectedBytes("outbox", "content_hash", "SHA-256 of an event, which carries no personal field"),
    UnprotectedBytes("audit_seal", "chain", "hash over the audit log so far"),
    UnprotectedBytes("audit_seal", "hash", "hash of a block of the audit log"),
    UnprotectedBytes("export_job", "token_hash", "SHA-256 of a random link"),
    UnprotectedBytes("external_list", "content_hash", f"{_HASH}: of a whole file, under the digest key"),
    UnprotectedBytes("import_job", "content_hash", f"{_HASH}: of a whole file, under the digest key"),
    UnprotectedBytes(
        "idempotency_record", "request_hash", f"{_HASH}: of a request, under the digest key, for 48 hours"
    ),
    UnprotectedBytes("provider_nonce", "hash", "SHA-256 of the nonce of a sign-in"),
    UnprotectedBytes("recovery_code", "hash", "SHA-256 of a random code of 79 bits"),
    UnprotectedBytes("refresh_token", "hash", "SHA-256 of a random token"),
    UnprotectedBytes("refresh_token", "successor", "SHA-256 of a random token"),
    UnprotectedBytes("refresh_token", "attempt_hash", "SHA-256 of a random header"),
    UnprotectedBytes("visit_batch", "request_hash", f"{_HASH}: of a request, under the digest key"),
    UnprotectedBytes(
        "import_applied", "digest", "mark of a row under the digest key, which stays: its text is gone"
    ),
)

"""Which tables' changes are written to the audit log by their triggers, and why the others' are not.

Every table under the floor stands in one of the two; a test compares both with the schema and its triggers.
Persons stand under both references, the register's own and the one that events carry; messages know the latter.
"""

from renkou_common.audit.triggers import Captured

_HOLDER = ("r.person_id", "r.person_ref")


def _through(table: str, key: str) -> tuple[str, str]:
    return (
        f"(SELECT t.person_id FROM {table} t WHERE t.id = r.{key})",  # noqa: S608
        f"(SELECT t.person_ref FROM {table} t WHERE t.id = r.{key})",  # noqa: S608
    )


CAPTURED: dict[str, Captured] = {
    "arrival": Captured(_HOLDER, version=True),
    "certificate": Captured(_HOLDER, version=True),
    "certificate_application": Captured(_HOLDER, version=True),
    "certificate_application_step": Captured(
        _through("certificate_application", "application_id"), key=("position",)
    ),
    "certificate_check": Captured(_through("arrival", "arrival_id")),
    "certificate_reissue": Captured(version=True),
    "certificate_step": Captured(_through("certificate", "certificate_id"), key=("position",)),
    "departure": Captured(_HOLDER, version=True),
    "followed_merge": Captured(("r.gone_ref", "r.gone_person_id"), key=("gone_ref", "kind", "row_id")),
    "message": Captured(
        ("r.person_ref",),
        only="r.kind NOT IN ('ping', 'pong', 'digest', 'receipt')",
        besides=("attempts", "next_attempt_at", "turn", "sealed", "revision"),
    ),
}

NOT_CAPTURED: dict[str, str] = {
    "attachment_reading": "itself a log of readings, append-only",
    "certificate_reissue_item": "how far a reissue has come; the certificates it replaces are captured",
    "evidence_export": "itself a log of what was taken out, append-only",
    "message_content": "what a message said before a correction, which is captured with the message",
    "message_log_text": "append-only: the signed texts of messages, which are captured themselves",
    "person_decision": "taken over from the register, whose log holds the decision",
    "outflow_mark": "counted from the register's own events, whose changes its log holds",
}

HELD_FOR: dict[str, str] = {
    "arrival": "exchange_arrival",
    "certificate": "certificate",
    "certificate_application": "certificate",
    "certificate_application_step": "certificate",
    "certificate_check": "certificate",
    "certificate_reissue": "certificate",
    "certificate_step": "certificate",
    "departure": "exchange_departure",
    "followed_merge": "register_quality",
    "message": "exchange_follow_up",
}
"""The declared purpose that each captured table is kept for."""

"""Exports of the registers that follow people: places, certificates, registrations, corrections, duplicates."""

from renkou_common.identity.roles import Scope
from renkou_registry.childbirth.routes import list_registrations
from renkou_registry.corrections.routes import list_corrections
from renkou_registry.duplicates.routes import list_candidates
from renkou_registry.exports.listed import listed, named
from renkou_registry.honour.routes import list_certificates
from renkou_registry.places.routes import list_places

LISTS = (
    listed(
        "places",
        "楼院名单",
        "places",
        Scope.RESIDENT_READ,
        list_places,
        {
            "area": "社区（村）编码",
            "kind_label": "类型",
            "code": "编号",
            "name": "名称",
            "valid_from": "启用日期",
            "valid_to": "停用日期",
            "parent_id": "上级编号",
            "id": "楼院编号",
        },
    ),
    listed(
        "childbirth_registrations",
        "生育登记名单",
        "childbirth registrations",
        Scope.CHILDBIRTH_WRITE,
        list_registrations,
        {
            "number": "登记编号",
            "person_id_name": "姓名",
            "person_id_number": "身份证号",
            "partner_name": "配偶或伴侣姓名",
            "address_label": "登记地址",
            "area": "社区（村）编码",
            "state_label": "状态",
            "registered_on": "登记日期",
            "person_id": "人员编号",
            "id": "登记记录编号",
        },
        beside=[named("person_id")],
    ),
    listed(
        "honour_certificates",
        "光荣证名单",
        "honour certificates",
        Scope.RESIDENT_READ,
        list_certificates,
        {
            "number": "证号",
            "kind_label": "类别",
            "state_label": "状态",
            "first_holder_id_name": "持证人姓名",
            "first_holder_id_number": "持证人身份证号",
            "second_holder_id_name": "持证人配偶姓名",
            "second_holder_id_number": "持证人配偶身份证号",
            "child_id_name": "子女姓名",
            "area": "社区（村）编码",
            "issued_on": "发证日期",
            "ended_on": "终止日期",
            "end_reason_label": "终止原因",
            "id": "证件记录编号",
        },
        beside=[named("first_holder_id", "second_holder_id", "child_id")],
    ),
    listed(
        "corrections",
        "更正申请名单",
        "correction requests",
        Scope.CORRECTION_REQUEST,
        list_corrections,
        {
            "person_id_name": "姓名",
            "person_id_number": "身份证号",
            "area": "社区（村）编码",
            "kind_label": "类别",
            "state_label": "状态",
            "reason": "理由",
            "requested_at": "申请时间",
            "decided_at": "审批时间",
            "decision_reason": "审批意见",
            "id": "申请编号",
        },
        beside=[named("person_id")],
    ),
    listed(
        "duplicates",
        "疑似重复名单",
        "records that may be one person",
        Scope.DUPLICATE_MANAGE,
        list_candidates,
        {
            "first_id_name": "甲姓名",
            "first_id_number": "甲身份证号",
            "second_id_name": "乙姓名",
            "second_id_number": "乙身份证号",
            "probability": "概率",
            "state": "状态",
            "found_at": "发现时间",
            "settled_at": "处理时间",
            "reason": "理由",
            "first_id": "甲人员编号",
            "second_id": "乙人员编号",
            "id": "疑似重复编号",
        },
        beside=[named("first_id", "second_id")],
    ),
)

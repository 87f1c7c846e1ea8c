"""Exports of cards, visits, services, benefits and supplies.

A card's export says whose it is and whether it is open: not what was told, nor whether anything was, nor who
declined visits (decision 36). Which service a person received is named only with a separate consent.
Who received supplies stands in no export (decision 39), no account either.
"""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.benefits.enrolments.routes import list_enrolments
from renkou_registry.benefits.payments.routes import list_lines, list_overpayments
from renkou_registry.cards.routes import list_cards
from renkou_registry.exports.listed import Item, inside, listed, named
from renkou_registry.exports.listing import Health
from renkou_registry.runtime import Runtime
from renkou_registry.services_given.routes import list_of_area
from renkou_registry.supplies.catalogue import service as catalogue
from renkou_registry.supplies.ledger.routes import list_documents, read_stock
from renkou_registry.visits.routes import read_worklist


async def _specified(runtime: Runtime, tx: Transaction, access: Access, rows: Sequence[Item]) -> None:
    """Add the names of products and specifications, and the units."""
    known = await catalogue.specifications(tx, {UUID(row["specification_id"]) for row in rows})
    for row in rows:
        found = known[UUID(row["specification_id"])]
        row |= {"product_name": found["product_name"], "name": found["name"], "unit": found["unit"]}


LISTS = (
    listed(
        "cards",
        "信息卡名单",
        "women's cards",
        Scope.CARD_READ,
        list_cards,
        {
            "number": "卡号",
            "name": "姓名",
            "birth_date": "出生日期",
            "area": "建卡地编码",
            "present_area": "现居住地编码",
            "state_label": "状态",
            "closed_reason_label": "退出原因",
            "person_id": "人员编号",
            "id": "卡编号",
        },
    ),
    listed(
        "visits",
        "随访清单",
        "visits of a day",
        Scope.CARD_READ,
        read_worklist,
        {
            "name": "姓名",
            "phone": "联系电话",
            "place": "现居住地编码",
            "street": "详细地址",
            "state_label": "状态",
            "due_on": "应访日期",
            "planned_on": "计划日期",
            "id": "随访编号",
        },
    ),
    listed(
        "services",
        "服务名单",
        "services given",
        Scope.SERVICE_WRITE,
        list_of_area,
        {
            "person_id_name": "姓名",
            "person_id_number": "身份证号",
            "kind_label": "服务项目",
            "state_label": "状态",
            "offered_on": "告知日期",
            "booked_for": "预约日期",
            "given_on": "服务日期",
            "area": "社区（村）编码",
            "share_with_home": "同意通报户籍地",
            "person_id": "人员编号",
            "id": "服务编号",
        },
        beside=[named("person_id")],
        health=Health(frozenset({"kind_label"}), frozenset({"kind"})),
    ),
    listed(
        "benefit_enrolments",
        "奖扶申报名单",
        "benefit cases",
        Scope.BENEFIT_READ,
        list_enrolments,
        {
            "person_id_name": "姓名",
            "person_id_number": "身份证号",
            "area": "社区（村）编码",
            "state_label": "状态",
            "applied_on": "申请日期",
            "person_id": "人员编号",
            "id": "申报编号",
        },
        beside=[named("person_id")],
    ),
    listed(
        "benefit_payments",
        "奖扶发放明细",
        "lines of a payment batch",
        Scope.BENEFIT_READ,
        list_lines,
        {
            "subject_id_name": "姓名",
            "subject_id_number": "身份证号",
            "period": "期间",
            "part": "次序",
            "amount": "金额（元）",
            "state": "状态",
            "failure": "失败原因",
            "enrolment_id": "申报编号",
            "id": "发放编号",
        },
        beside=[named("subject_id")],
        leaving_out=False,  # what somebody is owed is paid
    ),
    listed(
        "benefit_overpayments",
        "多发款项名单",
        "what was paid too much",
        Scope.BENEFIT_READ,
        list_overpayments,
        {
            "subject_id_name": "姓名",
            "subject_id_number": "身份证号",
            "area": "社区（村）编码",
            "period": "期间",
            "amount": "金额（元）",
            "state": "状态",
            "note": "说明",
            "id": "多发编号",
        },
        beside=[named("subject_id")],
    ),
    listed(
        "supply_stock",
        "药具库存",
        "stock of a point",
        Scope.SUPPLY_READ,
        read_stock,
        {
            "product_name": "药具名称",
            "name": "规格",
            "unit": "单位",
            "batch_number": "批号",
            "expires_on": "有效期至",
            "expired": "已过期",
            "quantity": "数量",
            "specification_id": "规格编号",
            "batch_id": "批次编号",
        },
        beside=[_specified],
    ),
    listed(
        "supply_ledger",
        "药具账",
        "ledger of a point",
        Scope.SUPPLY_READ,
        list_documents,
        {
            "on": "日期",
            "kind_label": "单据类型",
            "product_name": "药具名称",
            "name": "规格",
            "unit": "单位",
            "batch_number": "批号",
            "expires_on": "有效期至",
            "quantity": "数量",
            "people": "人数",
            "source": "来源",
            "reason": "说明",
            "id": "单据编号",
        },
        items=inside("lines"),
        beside=[_specified],
    ),
)

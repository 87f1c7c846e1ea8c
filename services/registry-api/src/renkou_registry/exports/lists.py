"""Every list that can be exported, by the name that ``POST /exports`` takes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from renkou_common.codes.area import AreaCode
from renkou_common.codes.lists import DOCUMENT_KINDS, HOUSEHOLD_KINDS, Population
from renkou_common.codes.masking import mask_phone, mask_resident_id
from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.audit.domain import What
from renkou_registry.exports import office_lists, people_lists, service_lists
from renkou_registry.exports.listed import clerk_of
from renkou_registry.exports.listing import Cursor, ExportList, Page, Texts
from renkou_registry.exports.restricted import without_restricted
from renkou_registry.exports.shown import EXPORTED
from renkou_registry.fields import AreaIn, area_code
from renkou_registry.households import service as households
from renkou_registry.persons import service as persons
from renkou_registry.persons.listing import Narrowing
from renkou_registry.persons.reading import open_phone, open_resident_id
from renkou_registry.persons.schemas import labels
from renkou_registry.runtime import Runtime


class PersonFilters(BaseModel):
    """Which persons."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"area": "340103001", "population": "registered"}]}
    )

    area: AreaIn
    population: Population | None = None
    name: Annotated[str, StringConstraints(max_length=100)] = ""


class HouseholdFilters(BaseModel):
    """Which households."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"area": "340103001"}]})

    area: AreaIn
    number: Annotated[str, StringConstraints(max_length=40)] = ""
    without_head: bool = False


_PERSON_COLUMNS = {
    "name": "姓名",
    "sex": "性别",
    "birth_date": "出生日期",
    "document_kind": "证件类型",
    "resident_id": "身份证号",
    "nationality": "民族",
    "marital_status": "婚姻状况",
    "registered_area": "户籍地编码",
    "registered_street": "户籍地详细地址",
    "present_area": "现居住地编码",
    "present_street": "现居住地详细地址",
    "present_since": "现居住起始日期",
    "phone": "联系电话",
    "children_count": "生育子女数",
    "alive": "在世",
    "id": "人员编号",
}


async def _persons(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    clerk: UUID,
    filters: Mapping[str, Any],
    after: Cursor | None,
    limit: int,
) -> Page:
    population = Population(filters["population"]) if filters.get("population") else None
    position = (int(after[0]), int(after[1]), UUID(after[2])) if after else None
    rows = await persons.page(
        runtime,
        tx,
        scope,
        AreaCode.parse(filters["area"]),
        population,
        Narrowing(filters["name"]),
        position,
        limit,
    )
    kept, _ = await without_restricted(tx, rows, ("id",))
    await runtime.readings.record(clerk_of(clerk, scope), What.LIST, [row["id"] for row in kept], EXPORTED)
    following = (
        [rows[-1]["part"], rows[-1]["listed_area"], str(rows[-1]["id"])] if len(rows) == limit else None
    )
    return [_person(runtime, row) for row in kept], following, len(rows) - len(kept)


def _person(runtime: Runtime, row: Any) -> Texts:
    number, phone = open_resident_id(runtime, row), open_phone(runtime, row)
    coded = labels(row["sex"], row["marital_status"], row["nationality"])
    return {
        "name": row["name"],
        "sex": coded["sex_label"],
        "birth_date": row["birth_date"].isoformat(),
        "document_kind": DOCUMENT_KINDS.entry(row["document_kind"]).zh,
        "resident_id": mask_resident_id(number) if number else "",
        "nationality": coded["nationality_label"],
        "marital_status": coded["marital_status_label"],
        "registered_area": area_code(row["registered_area"]),
        "registered_street": row["registered_street"] or "",
        "present_area": area_code(row["present_area"]),
        "present_street": row["present_street"] or "",
        "present_since": row["present_since"].isoformat(),
        "phone": mask_phone(phone) if phone else "",
        "children_count": str(row["children_count"]),
        "alive": "是" if row["alive"] else "否",
        "id": str(row["id"]),
    }


async def _households(
    runtime: Runtime,
    tx: Transaction,
    scope: AreaScope,
    clerk: UUID,
    filters: Mapping[str, Any],
    after: Cursor | None,
    limit: int,
) -> Page:
    position = (int(after[0]), UUID(after[1])) if after else None
    rows = await households.page(
        tx,
        scope,
        AreaCode.parse(filters["area"]),
        filters["number"],
        position,
        limit,
        without_head=HouseholdFilters.model_validate(filters).without_head,
    )
    following = [rows[-1]["area"], str(rows[-1]["id"])] if len(rows) == limit else None
    found: list[Texts] = [
        {
            "number": row["number"],
            "kind": HOUSEHOLD_KINDS.entry(row["kind"]).zh,
            "area": area_code(row["area"]),
            "street": row["street"] or "",
            "id": str(row["id"]),
        }
        for row in rows
    ]
    return found, following, 0


_LISTS = (
    ExportList(
        "persons", "人员名单", "persons", Scope.RESIDENT_READ, PersonFilters, _PERSON_COLUMNS, _persons
    ),
    ExportList(
        "households",
        "家庭户名单",
        "households",
        Scope.RESIDENT_READ,
        HouseholdFilters,
        {"number": "户号", "kind": "户别", "area": "社区（村）编码", "street": "详细地址", "id": "户编号"},
        _households,
    ),
    *people_lists.LISTS,
    *service_lists.LISTS,
    *office_lists.LISTS,
)
LISTS: MappingProxyType[str, ExportList] = MappingProxyType({each.name: each for each in _LISTS})


def list_of(name: str) -> ExportList:
    """Return a list by its name; raises InvalidInput that names those there are."""
    if name not in LISTS:
        allowed = ", ".join(LISTS)
        raise InvalidInput.field("/list", "list", f"应为 {allowed} 之一", f"must be one of {allowed}")
    return LISTS[name]

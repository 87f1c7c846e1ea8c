"""HTTP of code lists: the codes that answers carry and requests may use. Whoever is signed in may read
them.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from renkou_common.codes.catalogue import CODE_LISTS
from renkou_common.codes.lists import CodeList
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.code_lists.domain import validity, version, versions
from renkou_registry.code_lists.schemas import CodeEntry, CodeListOut, CodeLists, CodeListSummary

router = APIRouter(prefix="/code-lists", tags=["code lists 码表"])
Reader = Annotated[Access, Depends(requires(Scope.AREA_READ))]


def _summary(found: CodeList) -> CodeListSummary:
    begins, ends = validity(found)
    return CodeListSummary(
        id=found.id,
        version=found.version,
        valid_from=begins,
        valid_to=ends,
        zh=found.zh,
        en=found.en,
        versions=[each.version for each in versions(found.id)],
    )


@router.get("", summary="Every code list 码表目录", response_model=CodeLists)
async def list_code_lists(access: Reader) -> CodeLists:
    """List the code lists in their present versions. Needs `area:read`."""
    return CodeLists(items=[_summary(each) for each in CODE_LISTS.values()])


@router.get("/{list_id}", summary="A code list 码表", response_model=CodeListOut)
async def read_code_list(
    list_id: str,
    access: Reader,
    wanted: Annotated[
        str | None, Query(alias="version", max_length=60, description="the present version unless given")
    ] = None,
) -> CodeListOut:
    """Read the codes of a list with their labels in Chinese and English. Needs `area:read`."""
    found = version(list_id, wanted)
    entries = [CodeEntry(code=each.code, zh=each.zh, en=each.en) for each in found.entries]
    return CodeListOut(**_summary(found).model_dump(), entries=entries)

"""HTTP of external lists."""

from fastapi import APIRouter

router = APIRouter(tags=["external lists 名单比对"])

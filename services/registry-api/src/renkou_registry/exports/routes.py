"""HTTP of exports."""

from fastapi import APIRouter

router = APIRouter(tags=["exports 导出"])

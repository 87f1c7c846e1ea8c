"""HTTP of search."""

from fastapi import APIRouter

router = APIRouter(tags=["search 查找"])

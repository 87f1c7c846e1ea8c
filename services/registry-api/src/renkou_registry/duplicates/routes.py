"""HTTP of duplicates."""

from fastapi import APIRouter

router = APIRouter(tags=["duplicates 查重"])

"""HTTP of childbirth."""

from fastapi import APIRouter

router = APIRouter(tags=["childbirth 生育登记"])

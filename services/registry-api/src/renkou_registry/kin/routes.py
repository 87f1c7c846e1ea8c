"""HTTP of kin."""

from fastapi import APIRouter

router = APIRouter(tags=["kin 亲属"])

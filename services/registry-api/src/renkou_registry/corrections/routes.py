"""HTTP of corrections."""

from fastapi import APIRouter

router = APIRouter(tags=["corrections 更正"])

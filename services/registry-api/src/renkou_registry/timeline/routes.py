"""HTTP of timeline."""

from fastapi import APIRouter

router = APIRouter(tags=["timeline 历史时点"])

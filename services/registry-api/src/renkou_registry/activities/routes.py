"""HTTP of activities."""

from fastapi import APIRouter

router = APIRouter(tags=["activities 活动"])

"""HTTP of cards."""

from fastapi import APIRouter

router = APIRouter(tags=["cards 信息卡"])

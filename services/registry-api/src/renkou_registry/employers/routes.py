"""HTTP of employers."""

from fastapi import APIRouter

router = APIRouter(tags=["employers 单位"])

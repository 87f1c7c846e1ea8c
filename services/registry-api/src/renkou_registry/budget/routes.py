"""HTTP of budget."""

from fastapi import APIRouter

router = APIRouter(tags=["budget 事业费"])

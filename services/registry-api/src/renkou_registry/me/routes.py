"""HTTP of me."""

from fastapi import APIRouter

router = APIRouter(tags=["me 本人"])

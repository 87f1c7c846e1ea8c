"""HTTP of supplies."""

from fastapi import APIRouter

router = APIRouter(tags=["supplies 药具"])

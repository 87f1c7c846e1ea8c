"""HTTP of code lists."""

from fastapi import APIRouter

router = APIRouter(tags=["code lists 码表"])

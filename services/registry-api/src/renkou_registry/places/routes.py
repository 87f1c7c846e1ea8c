"""HTTP of places."""

from fastapi import APIRouter

router = APIRouter(tags=["places 楼院"])

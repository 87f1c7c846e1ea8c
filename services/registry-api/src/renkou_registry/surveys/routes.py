"""HTTP of surveys."""

from fastapi import APIRouter

router = APIRouter(tags=["surveys 调查"])

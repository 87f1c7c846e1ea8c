"""HTTP of visits."""

from fastapi import APIRouter

router = APIRouter(tags=["visits 随访"])

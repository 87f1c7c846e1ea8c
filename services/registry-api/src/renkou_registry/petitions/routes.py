"""HTTP of petitions."""

from fastapi import APIRouter

router = APIRouter(tags=["petitions 信访"])

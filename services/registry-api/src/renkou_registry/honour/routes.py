"""HTTP of honour."""

from fastapi import APIRouter

router = APIRouter(tags=["honour 光荣证"])

"""HTTP of benefits."""

from fastapi import APIRouter

router = APIRouter(tags=["benefits 奖扶"])

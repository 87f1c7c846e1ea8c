"""HTTP of rentals."""

from fastapi import APIRouter

router = APIRouter(tags=["rentals 出租房屋"])

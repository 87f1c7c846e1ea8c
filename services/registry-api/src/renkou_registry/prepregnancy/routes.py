"""HTTP of prepregnancy."""

from fastapi import APIRouter

router = APIRouter(tags=["prepregnancy 孕前优生"])

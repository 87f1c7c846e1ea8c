"""HTTP of benefits: schemes, enrolments, notices and payments together."""

from fastapi import APIRouter

from renkou_registry.benefits.enrolments.notice_routes import router as notices
from renkou_registry.benefits.enrolments.routes import router as enrolments
from renkou_registry.benefits.payments.routes import router as payments
from renkou_registry.benefits.schemes.routes import router as schemes

router = APIRouter()
for each in (schemes, enrolments, notices, payments):
    router.include_router(each)

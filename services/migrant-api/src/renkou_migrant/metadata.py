"""All tables of the service in one metadata, for migrations and the drift check only."""

# ruff: noqa: F401

from sqlmodel import SQLModel

import renkou_common.audit.tables
import renkou_common.field_keys.tables
import renkou_common.http.idempotency
import renkou_common.http.rate_tables
import renkou_common.messaging.inbox_tables
import renkou_common.messaging.tables
import renkou_migrant.agreements.tables
import renkou_migrant.applications.tables
import renkou_migrant.arrivals.tables
import renkou_migrant.calendar.tables
import renkou_migrant.certificate_keys.tables
import renkou_migrant.certificates.tables
import renkou_migrant.checks.tables
import renkou_migrant.decisions.tables
import renkou_migrant.departures.tables
import renkou_migrant.exchange.tables
import renkou_migrant.merges.tables
import renkou_migrant.message_log.tables
import renkou_migrant.outflow.tables
import renkou_migrant.partners.tables
import renkou_migrant.purposes.tables
import renkou_migrant.reissues.tables
import renkou_migrant.staff_rights.tables
import renkou_migrant.status_lists.tables

metadata = SQLModel.metadata

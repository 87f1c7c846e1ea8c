"""Tables of employers by name; the statements are in ``records``, ``links`` and ``yearly``."""

from renkou_registry.links import PersonLink
from renkou_registry.records import AreaTable

EMPLOYERS = AreaTable("employer", "单位", "employer")
STATEMENTS = AreaTable("employer_statement", "责任书", "responsibility statement")
EMPLOYEES = PersonLink("employer_employee", "employer", "职工", "employee")

"""Tables of rented houses by name; the statements are in ``records``, ``links`` and ``yearly``."""

from renkou_registry.links import PersonLink
from renkou_registry.records import AreaTable

RENTALS = AreaTable("rental", "出租房屋", "rented house")
AGREEMENTS = AreaTable("rental_agreement", "出租房屋协议", "agreement")
TENANTS = PersonLink("rental_tenant", "rental", "租客", "tenant")

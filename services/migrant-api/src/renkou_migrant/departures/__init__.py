"""People registered here who have left for another district (流出登记)."""

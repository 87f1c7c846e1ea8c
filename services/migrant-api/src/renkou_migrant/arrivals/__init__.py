"""People registered elsewhere who live here (流入登记)."""

"""Separated from registration (人户分离): registered in one place, living in another, by length of stay."""

"""The register walked through its API on real servers, by the roles that work with it."""

"""What the services of a Renkou node share: contracts, messaging, database sessions, identity, codes."""

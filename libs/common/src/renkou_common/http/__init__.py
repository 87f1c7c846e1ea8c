"""What the HTTP side of every service shares: the application, problems, idempotency, versions, cursors."""

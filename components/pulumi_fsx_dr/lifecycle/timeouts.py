"""How long a call may take if `custom_timeouts` says nothing; seconds."""

CREATE = 24 * 3600.0  # from the copy's own start
UPDATE = 600.0
DELETE = 3600.0

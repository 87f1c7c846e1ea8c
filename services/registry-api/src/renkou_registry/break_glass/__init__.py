"""Break-glass (紧急查阅): reading people elsewhere in the district for an hour, for a reason, seen by the auditor."""

"""Moving in from timelimit-server: its database becomes ours, so that no phone notices."""

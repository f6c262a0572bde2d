"""Moving in from timelimit-server: its database becomes ours, so that no phone notices.

A Problem ends an import. Its text quotes nothing of the old database except ids.
"""

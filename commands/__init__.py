"""The operator's commands: `timelimit-sync VERB`, or `flask VERB` for those about the database.

They work on the database beside the running server, without its realtime channel: what they change
reaches devices at their next sync.
"""

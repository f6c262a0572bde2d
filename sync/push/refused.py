"""Refusing one action (push-actions.md, "What rejects an action and what fails the push")."""


class Refused(Exception):
    """This one action is ignored, for the reason given; the others of the push go on. The reason
    is for the operator's log and holds no secrets."""

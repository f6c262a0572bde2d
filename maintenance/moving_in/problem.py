"""Why a database can't be imported."""


class Problem(Exception):
    """A line that tells the operator what is wrong and what to do. It quotes nothing of the old
    database except ids."""

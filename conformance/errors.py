"""The one exception of the player."""


class ScenarioError(Exception):
    """A scenario can't go on: something it needs is missing. Not a mere difference."""

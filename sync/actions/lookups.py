"""Questions about the family that several handlers ask."""

from models import Category
from sync.context import Push


def parent_category(push: Push, category: Category) -> Category | None:
    """The parent category. One that is gone, or that belongs to another child by now, counts as
    none (parent-actions.md, "Quirks" 10)."""
    if not category.parent_category_id:
        return None
    parent = push.find(Category, category.parent_category_id)
    return parent if parent is not None and parent.child_id == category.child_id else None

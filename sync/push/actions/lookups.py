"""Questions about the family that several handlers ask."""

from models import Category
from storage.rows import tuples
from sync.push.refused import Refused
from sync.push.state import Push


def parent_category(push: Push, category: Category) -> Category | None:
    """The parent category. One that is gone, or that belongs to another child by now, counts as
    none (parent-actions.md, "Quirks", 10)."""
    if not category.parent_category_id:
        return None
    parent = push.find(Category, category.parent_category_id)
    return parent if parent is not None and parent.child_id == category.child_id else None


def lineage(push: Push, child_id: str, category_id: str) -> list[str]:
    """A category of a child, its parent category and so on, by id. Empty if the child has no such
    category."""
    categories = push.rows(Category, Category.child_id == child_id)
    parents = dict(tuples(categories.select(Category.category_id, Category.parent_category_id)))
    line: list[str] = []
    while category_id in parents and category_id not in line:
        line.append(category_id)
        category_id = parents[category_id]
    return line


def own_category(push: Push, category_id: str) -> Category:
    """The category, which must belong to the author: a child who adds limits for itself."""
    category = push.get(Category, category_id)
    if category.child_id != push.author.user_id:
        raise Refused("the category belongs to somebody else")
    return category

"""Networks that a category is limited to, or blocked in (parent-actions.md, "Networks of
categories")."""

from typing import Any

from models import Category, CategoryNetwork
from schemas.parent_actions import AddCategoryNetworkId, ResetCategoryNetworkIds
from sync.notifications import Level
from sync.push.refused import Refused
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import BASE

MAX_NETWORKS = 8


@handles(AddCategoryNetworkId)
def add_category_network_id(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    networks = CategoryNetwork.select().where(
        CategoryNetwork.family_id == push.family_id,
        CategoryNetwork.category_id == category.category_id,
    )
    if networks.count() >= MAX_NETWORKS:
        raise Refused("the category has enough networks")
    push.create(
        CategoryNetwork,
        category_id=category.category_id,
        network_item_id=action["item_id"],
        hashed_network_id=action["hashed_network_id"],
    )
    push.changes.renew(BASE, category.category_id)
    push.changes.notify(Level.IMPORTANT)


@handles(ResetCategoryNetworkIds)
def reset_category_network_ids(push: Push, action: dict[str, Any]) -> None:
    category = push.get(Category, action["category_id"])
    CategoryNetwork.delete().where(
        CategoryNetwork.family_id == push.family_id,
        CategoryNetwork.category_id == category.category_id,
    ).execute()
    push.changes.renew(BASE, category.category_id)
    push.changes.notify(Level.IMPORTANT)

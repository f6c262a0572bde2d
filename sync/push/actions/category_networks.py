"""Networks that a category is limited to, or blocked in (parent-actions.md, "Networks of
categories")."""

from models import Category, CategoryNetwork
from schemas.limits import NETWORKS_PER_CATEGORY
from schemas.parent_actions import AddCategoryNetworkId, ResetCategoryNetworkIds
from sync.notifications import Level
from sync.push.registry import handles
from sync.push.state import Push
from sync.versions import BASE


@handles(AddCategoryNetworkId, renews=(BASE,), notifies=Level.IMPORTANT)
def add_category_network_id(
    push: Push, *, category_id: str, item_id: str, hashed_network_id: str
) -> None:
    push.get(Category, category_id)
    push.require_room(
        CategoryNetwork, NETWORKS_PER_CATEGORY, CategoryNetwork.category_id == category_id
    )
    push.create(
        CategoryNetwork,
        renew=BASE,
        notify=Level.IMPORTANT,
        category_id=category_id,
        network_item_id=item_id,
        hashed_network_id=hashed_network_id,
    )


@handles(ResetCategoryNetworkIds, renews=(BASE,), notifies=Level.IMPORTANT)
def reset_category_network_ids(push: Push, *, category_id: str) -> None:
    push.get(Category, category_id)
    push.delete_rows(CategoryNetwork, CategoryNetwork.category_id == category_id)
    push.renew(BASE, category_id)
    push.notify(Level.IMPORTANT)

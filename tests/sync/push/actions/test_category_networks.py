"""Networks of categories: sync/actions/category_networks.py."""

from typing import Any

import pytest

from sync.notifications import Level
from sync.push.actions.category_networks import MAX_NETWORKS
from tests.wire import Family, Observer


def add(category: str, item: Any = "item00", network: Any = "0123abcd") -> dict[str, Any]:
    return {
        "type": "ADD_CATEGORY_NETWORK_ID",
        "categoryId": category,
        "itemId": item,
        "hashedNetworkId": network,
    }


def reset(category: str) -> dict[str, Any]:
    return {"type": "RESET_CATEGORY_NETWORK_IDS", "categoryId": category}


def networks_of(family: Family, category: str) -> list[dict[str, str]]:
    networks: list[dict[str, str]] = family.category(category)["networks"]
    return networks


def test_a_network_belongs_to_the_base_data(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    family.add_category(child)
    news, level = observer.sees(add(category))
    assert level == Level.IMPORTANT
    assert news.keys() == {"categoryBase"}
    (base,) = news["categoryBase"]
    assert base["categoryId"] == category
    assert base["networks"] == [{"itemId": "item00", "hashedNetworkId": "0123abcd"}]


def test_an_item_id_is_used_once_per_category(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    other = family.add_category(child)
    family.parent_does(add(category), add(category, "item01"), add(other))
    observer.sees_refusal(add(category, "item00", "ffffffff"))
    assert len(networks_of(family, category)) == 2
    assert len(networks_of(family, other)) == 1


def test_a_category_has_eight_networks_at_most(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    family.parent_does(*(add(category, f"item{number:02}") for number in range(MAX_NETWORKS)))
    observer.sees_refusal(add(category, "item99"))
    assert len(networks_of(family, category)) == 8
    family.parent_does(add(family.add_category(child), "item99"))
    family.parent_does(reset(category), add(category, "item99"))


def test_all_networks_are_removed_at_once_also_if_there_are_none(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    other = family.add_category(child)
    family.parent_does(add(category), add(category, "item01"), add(other))
    for _ in range(2):
        news, level = observer.sees(reset(category))
        assert level == Level.IMPORTANT
        assert news.keys() == {"categoryBase"}
        (base,) = news["categoryBase"]
        assert (base["categoryId"], base["networks"]) == (category, [])
    assert len(networks_of(family, other)) == 1


def test_networks_need_a_category_of_the_family(
    observer: Observer, other_family_category: str
) -> None:
    for category in ("gone00", other_family_category):
        observer.sees_refusal(add(category), reset(category))


@pytest.mark.parametrize(
    "wrong",
    [
        {"network": "0123ABCD"},
        {"network": "0123abc"},
        {"network": "0123abcde"},
        {"network": "0123abcd\n"},
        {"network": ""},
        {"network": 12345678},
        {"item": ""},
        {"item": "item0-"},
    ],
)
def test_a_malformed_network_is_refused(
    category: str, observer: Observer, wrong: dict[str, Any]
) -> None:
    observer.sees_refusal(add(category, **wrong))

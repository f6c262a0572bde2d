"""Networks of categories: sync/push/actions/category_networks.py."""

from typing import Any

import pytest

from schemas.limits import NETWORKS_PER_CATEGORY
from sync.notifications import Level
from tests.actions import add_category_network_id, reset_category_network_ids
from tests.observer import Observer
from tests.wire import Family


def networks_of(family: Family, category: str) -> list[dict[str, str]]:
    networks: list[dict[str, str]] = family.category(category)["networks"]
    return networks


def test_a_network_belongs_to_the_base_data(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    family.add_category(child)
    news, level = observer.sees(add_category_network_id(category))
    assert level == Level.IMPORTANT
    assert news.keys() == {"categoryBase"}
    (base,) = news["categoryBase"]
    assert base["categoryId"] == category
    assert base["networks"] == [{"itemId": "net001", "hashedNetworkId": "0123abcd"}]


def test_an_item_id_is_used_once_per_category(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    other = family.add_category(child)
    family.parent_does(
        add_category_network_id(category),
        add_category_network_id(category, "net002"),
        add_category_network_id(other),
    )
    observer.sees_refusal(add_category_network_id(category, hashedNetworkId="ffffffff"))
    assert len(networks_of(family, category)) == 2
    assert len(networks_of(family, other)) == 1


def test_a_category_has_eight_networks_at_most(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    family.parent_does(
        *(
            add_category_network_id(category, f"item{number:02}")
            for number in range(NETWORKS_PER_CATEGORY)
        )
    )
    observer.sees_refusal(add_category_network_id(category, "item99"))
    assert len(networks_of(family, category)) == 8
    family.parent_does(add_category_network_id(family.add_category(child), "item99"))
    family.parent_does(
        reset_category_network_ids(category), add_category_network_id(category, "item99")
    )


def test_resetting_removes_all_networks_even_if_there_are_none(
    family: Family, child: str, category: str, observer: Observer
) -> None:
    other = family.add_category(child)
    family.parent_does(
        add_category_network_id(category),
        add_category_network_id(category, "net002"),
        add_category_network_id(other),
    )
    for _ in range(2):
        news, level = observer.sees(reset_category_network_ids(category))
        assert level == Level.IMPORTANT
        assert news.keys() == {"categoryBase"}
        (base,) = news["categoryBase"]
        assert (base["categoryId"], base["networks"]) == (category, [])
    assert len(networks_of(family, other)) == 1


def test_networks_need_a_category_of_the_family(
    observer: Observer, other_family_category: str
) -> None:
    for category in ("gone00", other_family_category):
        observer.sees_refusal(
            add_category_network_id(category), reset_category_network_ids(category)
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"hashedNetworkId": "0123ABCD"},
        {"hashedNetworkId": "0123abc"},
        {"hashedNetworkId": "0123abcde"},
        {"hashedNetworkId": "0123abcd\n"},
        {"hashedNetworkId": ""},
        {"hashedNetworkId": 12345678},
        {"itemId": ""},
        {"itemId": "item0-"},
    ],
)
def test_a_malformed_network_is_refused(
    category: str, observer: Observer, wrong: dict[str, Any]
) -> None:
    observer.sees_refusal(add_category_network_id(category, **wrong))

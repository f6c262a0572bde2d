"""The versions that clients compare: per family, and per category (pull-status.md)."""

from typing import Final, TypeAlias

from peewee import CharField

from identifiers import new_version
from models import Category, Family

#: The column that holds a version.
Version: TypeAlias = CharField

BASE: Final = Category.base_version
ASSIGNED_APPS: Final = Category.assigned_apps_version
RULES: Final = Category.rules_version
USED_TIMES: Final = Category.used_times_version
TASKS: Final = Category.task_list_version

USER_LIST: Final = Family.user_list_version
DEVICE_LIST: Final = Family.device_list_version
U2F_KEYS: Final = Family.u2f_keys_version


def renew_versions(family: Family, *versions: Version) -> None:
    """Gives versions of a family new values at once. The family has to be locked."""
    for version in versions:
        setattr(family, version.name, new_version(unlike=getattr(family, version.name)))
    family.save()

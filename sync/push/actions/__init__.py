"""One handler per action type, a module per subject. Importing this fills the registry."""

from sync.push.actions import (  # noqa: F401
    categories,
    category_apps,
    category_networks,
    device_keys,
    device_status,
    devices,
    extra_time,
    installed_apps,
    passwords,
    pings,
    rules,
    tasks,
    u2f_keys,
    used_time,
    users,
)

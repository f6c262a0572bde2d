"""One handler per action type, a module per subject. Importing this fills the registry."""

from sync.actions import (  # noqa: F401
    device_keys,
    device_status,
    installed_apps,
    pings,
    tasks,
    used_time,
)

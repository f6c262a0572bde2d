"""Bounds of requests, of the contents of actions and of what a family may hold, with their reasons.

Schemas and handlers enforce them. Most are the protocol's, so that stock clients and other servers
agree about them. The longest texts are as long as their columns in `models.py`.
"""

from clock import DAY, MINUTE, MINUTES_OF_WEEK

# Requests

#: Bytes of a body after decompression (http.md, "Endpoints").
BODY_BYTES = 100 * 1024

#: The same for a push, which may carry the app lists of a device.
PUSH_BODY_BYTES = 5 * 1024 * 1024

#: Clients send no more at once (push-actions.md, "Request").
ACTIONS_PER_PUSH = 50

# Contents of actions

#: Bytes of an encrypted app list (app-logic-actions.md, "UPDATE_INSTALLED_APPS").
APP_LIST_BYTES = 512 * 1024

#: Characters of blocked times: each minute of a week once.
BLOCKED_TIMES_LENGTH = len(",".join(map(str, range(MINUTES_OF_WEEK + 1))))

#: Bytes of the key handle, and of the public key, of a security key (parent-actions.md, "U2F key
#: data").
U2F_BYTES = 2048

#: The longest extra time for a task, in ms (parent-actions.md, "Limits").
TASK_EXTRA_TIME = DAY

#: The longest time before a limit that blocks a parent's sign-in, in ms (parent-actions.md,
#: "Limits").
PRE_BLOCK_DURATION = DAY

# Used time

#: Further slots than the whole day per category and day, and session limits per category, in one
#: report and in what is stored. Clients send one per rule. Each is compared with all others, so the
#: time grows with the square.
SLOTS_PER_CATEGORY = 200

#: The same for all categories of one report together. Clients report few categories at once.
SLOTS_PER_REPORT = 200

#: Days with used time per category. Clients report a day within days, and the server deletes it
#: after ten.
USED_DAYS_PER_CATEGORY = 64

#: How far a day with used time may be ahead of the server's date. It is one ahead in the east.
FUTURE_DAYS = 2

#: How far a clock may be ahead of the server's, in ms.
CLOCK_TOLERANCE = 5 * MINUTE

#: Apps that one action assigns or removes. 50 such actions hold the lock of the database for 2 s.
APPS_PER_ACTION = 2_000

# Rows of a family

#: parent-actions.md, "Limits".
NETWORKS_PER_CATEGORY = 8

#: parent-actions.md, "Limits".
U2F_KEYS_PER_FAMILY = 16

#: Keys of the server for one device: the current one, and those that may still be in use
#: (crypto.md, 3.2).
DH_KEYS_PER_DEVICE = 8

#: Pulls list versions of all categories, so there must be no more than fit into `BODY_BYTES`.
CATEGORIES_PER_FAMILY = 500

#: The same for those that a child may have before it adds more for itself.
CATEGORIES_PER_CHILD = 100

RULES_PER_FAMILY = 2_000
TASKS_PER_FAMILY = 500
USERS_PER_FAMILY = 64

#: Pulls of old clients list versions of all devices, too.
DEVICES_PER_FAMILY = 64

ASSIGNED_APPS_PER_FAMILY = 20_000
USED_TIMES_PER_FAMILY = 20_000

#: As many as rules.
SESSION_LIMITS_PER_FAMILY = 2_000

TIME_WARNINGS_PER_CATEGORY = 64

#: Requests that wait for keys: two per device of the family.
KEY_REQUESTS_PER_DEVICE = 512

# Answers

#: Key requests, and key responses, in the answer to one pull. The client gets the others when it
#: has acknowledged these (pull-status.md, "krq" and "kr").
KEYS_PER_PULL = 32

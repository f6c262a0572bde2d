"""Bounds of requests, of the contents of actions and of what a family may hold, with their reasons.

Schemas and handlers enforce them. Most are the protocol's, so that stock clients and other servers
agree about them. The longest texts are as long as their columns in `models.py`.
"""

from clock import DAY

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

#: Slots, and session limits, per category in one report of used time. Not the protocol's: clients
#: send one per rule. Each is compared with all others, so the time grows with the square.
SLOTS_PER_CATEGORY = 200

#: Bytes of the key handle, and of the public key, of a security key (parent-actions.md, "U2F key
#: data").
U2F_BYTES = 2048

#: The longest extra time for a task, in ms (parent-actions.md, "Limits").
TASK_EXTRA_TIME = DAY

#: The longest time before a limit that blocks a parent's sign-in, in ms (parent-actions.md,
#: "Limits").
PRE_BLOCK_DURATION = DAY

# Rows of a family

#: parent-actions.md, "Limits".
NETWORKS_PER_CATEGORY = 8

#: parent-actions.md, "Limits".
U2F_KEYS_PER_FAMILY = 16

#: Keys of the server for one device: the current one, and those that may still be in use
#: (crypto.md, 3.2).
DH_KEYS_PER_DEVICE = 8

# Answers

#: Key requests, and key responses, in the answer to one pull. The client gets the others when it
#: has acknowledged these (pull-status.md, "krq" and "kr").
KEYS_PER_PULL = 32

"""A model of families after pushes in plain dicts, written from the protocol and independent of the
code under test.

It knows users without mail addresses, who uses which device, categories and all that belongs to
them, for a family with the full version. What an action needs by itself, its schema, is not checked
here: who makes an item says what is wrong with it.
"""

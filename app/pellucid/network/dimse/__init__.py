"""Tasks in DIMSE, done inside an agent: echo, find, get, move, store, and the storage listener.

Everything that knows pynetdicom is here, and imports it inside functions: only an agent ever loads it.
"""

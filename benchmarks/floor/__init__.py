"""The floor: what each variant's roster does, as SQL written by hand over psycopg.

The same names and the same plain values as `players/roster.py`, with the connection in front. A
connection as `connect` gives it prepares each statement the first time that it runs.
"""

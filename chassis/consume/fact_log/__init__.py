"""The fact log: every received event in one append-only table, and the state tables that are derived from it.

Guarantees. A fact is stored in the transaction that moves the consumer's position, so it is stored once (P4). Facts are
stored as published: an unknown field is kept in `data`, and an unknown type is kept and changes no state. A state table
is one SELECT over facts. The same SELECT updates the rows that a batch touches, fills the whole table in a rebuild, and
gives the state as of two instants.
"""

"""What must hold for any variant: each test compares two answers of the engine, or one with an independent one.

`make test` tries 2,000 records for each invariant, `make invariants` 100,000.
"""

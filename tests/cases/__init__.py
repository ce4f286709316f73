"""Cases that outside users found wrong; each test has the number of its case."""

"""`care`: the command line of the product on this machine. Each module holds a group of commands."""

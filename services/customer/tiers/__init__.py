"""Where the rules of tier schemes lead customers, and what carries that out."""

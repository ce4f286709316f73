"""Who is away when, who stands in, and what falls due meanwhile."""

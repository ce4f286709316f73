"""HTTP in front of the read model: one module for each resource."""

"""What the fact log says of employees and customers' holders, for those who handle alerts."""

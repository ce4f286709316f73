"""What a change of owner means for open tasks and complaints."""

"""What an employee's new leader means for the customers that the employee owns."""

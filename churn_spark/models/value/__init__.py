"""What a customer is expected to spend: the number of future transactions, and the mean value of one."""

"""What every HTTP request meets before and beside the dialects."""

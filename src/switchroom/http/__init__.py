"""HTTP before and beside the dialects."""

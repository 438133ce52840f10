"""Calls: what routing decides, carried out with real phones, from what is configured."""

"""Resources of the telephony configuration: each declared once, all of them listed, read, made, changed and
deleted by one service."""

"""Lamps of phones: messages that wait, lines that are busy, as Kamailio's presence server tells them."""

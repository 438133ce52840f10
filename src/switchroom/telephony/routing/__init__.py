"""Routing of calls: what was dialled, who may call it, and the next thing that a callflow does. Pure: the
configuration comes in as frozen structs, what is to be done goes out as such."""

"""The Web Meeting API v6: accounts, meeting organizers, meetings, over HTTP and JSON."""

"""Media of telephone calls: legs at rtpengine, what they hear, the keys that are pressed."""

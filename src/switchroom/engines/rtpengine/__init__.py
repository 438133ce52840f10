"""rtpengine, the media relay of telephone calls: engine, control protocol (ng), telephone keys."""

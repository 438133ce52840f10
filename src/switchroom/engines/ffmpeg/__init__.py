"""ffmpeg: one file that plays of what was recorded in many."""

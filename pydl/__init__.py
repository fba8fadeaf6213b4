"""pydl: deep learning on CPUs."""

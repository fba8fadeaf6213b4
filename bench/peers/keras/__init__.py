"""The API that Keras and pydl share."""

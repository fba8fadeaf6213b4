"""Weight files and configs of layers."""

"""Configuration in whole versions: published, looked up as of a time, read over HTTP, and compared."""

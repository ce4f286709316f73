"""The process: settings, logs, metrics, supervision of background tasks."""

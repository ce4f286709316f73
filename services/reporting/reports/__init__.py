"""The figures: their periods, labels and links."""

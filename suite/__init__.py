"""The shared suite: what every variant must do, and the questions whose answers differ."""

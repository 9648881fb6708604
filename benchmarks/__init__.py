"""What `make bench` measures, each against a bound of the specification or a baseline in the same run."""

"""Auto capture: private mail beside the record, one click to share it."""

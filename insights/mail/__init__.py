"""What all that deals with email shares: which id an email has, and how raw mail is read."""

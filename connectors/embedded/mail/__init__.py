"""The embedded Exchange: mailboxes in our own database."""

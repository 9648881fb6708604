"""What Outlook, browsers and scripts talk to: the HTTP API, the pages, and what guards them."""

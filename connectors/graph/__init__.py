"""Microsoft Graph behind the ports: mail, directory, change notifications, sending, agenda.

    mail.py · agenda.py · directory.py    the ports
    listing.py · requests.py    what is asked for, in as few round trips as can be
    messages.py · attachments.py  Graph's JSON in the product's words
    places.py · recent.py       which id Graph has for an email, and what was listed a moment ago
    changes.py · collecting.py  what has changed since a cursor, headers in the right of the app
    following.py · notifications.py · subscriptions.py    hearing of new mail
    events.py · clocks.py       calendars and To Do
    sending.py                  what no port has yet
    client.py · batches.py · pace.py · answers.py · rights.py    getting an answer out of Graph

The SDK builds the requests; their answers are read as plain JSON, because its models take a hundred
times as long and would hold the event loop.
"""

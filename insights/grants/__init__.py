"""How permissions of Microsoft 365 are asked for: by a link, and by a script for Exchange.

link.py    the consent link, what of it is granted, and what came of it
state.py   the signed word by which we recognise a visitor whom Entra sends back
script.py  the PowerShell that gives roles of Exchange for chosen mailboxes, and takes them away
"""

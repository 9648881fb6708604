"""What Liaison needs around it, and whether it is there.

requirement.py · table.py  the requirements, one row each
setup.py · checks.py       those that we look at ourselves; connectors look at theirs (`ports.Probing`)
examining.py               all at once, for `liaison doctor`, the API and the bot
availability.py            which features therefore cannot work here
"""

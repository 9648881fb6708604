"""The processes that the benchmark of the bot starts: the bots, those that talk to them, and the channel."""

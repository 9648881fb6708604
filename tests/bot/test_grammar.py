"""Which command people's sentences mean: some dozens of phrasings each, and those that mean none."""

import pytest

from bot.commands import COMMANDS, nearest
from bot.grammar import Reading, read_sentence
from bot.phrases import CHANGING, NOT_BUILT, OWN_WORDS, THANKS
from insights.model import User
from insights.words import read_words

SELLER = User("u", "Seller", "", ("Salesperson",))
ADMIN = User("a", "Admin", "", ("System Administrator",))
OF_ALL = """
untracked | UNTRACKED! | the untracked | untracked emails | untracked for me
untracked from all my customers | untracked mails plz | Untrakced | untracked everything | open untracked
untracked, please | my untracked | show me my untracked emails | Show Me My Untracked Emails
shwo me my untrakced emials | list untracked mail | could you list my untracked messages?
I want to see my untracked messages | thanks, show my untracked emails | find my untracked emails
help me with my untracked mail | what's untracked? | what is still untracked today
which mails have I not tracked yet | emails I haven't tracked | Which of my emails aren't tracked yet?
what did I not track? | show me what is not tracked | what mail did I miss tracking
anything I forgot to track? | my emails | list mail | Do I have new mail? | who wrote to me?
did anyone write | what's new?
"""
OF_CONTORIA = """
untracked Contoria | untracked Contoria? | untracked for the Contoria
untracked emails from Contoria please | Untracked: Contoria | untraked Contoria | untracked **Contoria**
untracked "Contoria" | untracked “Contoria” | untracked emails that I got from Contoria
untracked - Contoria | untracked in the account Contoria | what emails did I not track from Contoria?
what haven't I tracked with Contoria | Contoria's untracked emails
show emails that are still untracked for Contoria | Show untracked mail about the account Contoria
anything from Contoria I forgot to track? | Give me all mails from Contoria which are not tracked
find untracked emails of Contoria | could you list the emails I didn’t track from Contoria?
what did Contoria write lately? | did Contoria write back? | has Contoria written to me recently
did Contoria send me anything? | what has Contoria sent me this week | have I heard from Contoria?
i'd like to see what Contoria wrote last week | can you show me what Contoria wrote?
emails Contoria sent me | emails from Contoria | show me emails from Contoria
messages between me and Contoria | any news from Contoria | anything new from Contoria?
what's new with Contoria | is the mail from Contoria tracked? | help me with emails from Contoria
track the email from Contoria
"""
FIND_CONTORIA = """
find Contoria | Find: Contoria | fnid Contoria | find the Contoria | find me Contoria please
find "Contoria" | find account Contoria | find the customer Contoria | find Contoria's email
find Contoria for me | 'find Contoria' | search Contoria | search for Contoria
search for the account Contoria | please search Contoria | lookup Contoria | look up Contoria
could you look for the customer Contoria | I am looking for Contoria | locate Contoria
can you find Contoria | help me find Contoria | I'm unable to find Contoria | where can I find Contoria?
where is Contoria | who is Contoria? | who's Contoria | do you know Contoria? | I am searching for Contoria
do we have Contoria in the CRM? | get me the record of Contoria | open the account Contoria
"""
ALONE = {
    "help": """
help | Help! | HELP | hlep | halp | please help | help me please | I need help | can you help me
help with this | “help” | /help | **help** | commands | show me the commands | what commands are there
what are the commands? | what can you do? | what can I say | what can I ask you | what can you help me with
what do you do? | how does this work? | how do you work? | how do I use this | how do I talk to you?
who are you | What are you? | hi | hello Liaison | good morning | ? | start
""",
    "preferences": """
preferences | Preferences? | the preferences | prefrences | my preferences | show my preferences
preferences please | what are my preferences? | change my preferences | I want to change my preferences
edit preferences | where can I change my preferences? | update my preferences | set my preferences
help with preferences | open my options | Can I see my choices? | my settings | personal settings
show me my own settings | find my preferences | can you change my preferences | let me see my preferences
manage my preferences | email preferences
""",
    "settings": """
settings | setings | the settings | show the settings | open settings | settings, please
help with settings | change the settings | features | which features are on? | list all features
what is enabled | configuration | is auto capture enabled? | is auto capture active
how do I enable auto capture? | disable auto capture? | turn on auto capture
please turn off the auto capture | switch off auto capture | turn auto capture off for me
don't enable auto capture | who disabled auto capture? | are all features disabled
email engagement settings
""",
    "requirements": """
requirements | requirments | the requirements | show requirements | what are the requirements
check requirements | which requirements are not met? | are all requirements met?
what requirements are missing | what is not met? | what is missing? | is anything missing?
what do you need? | what does Liaison need? | what do I need to set up | is everything ready?
is everything set up | is everything working? | what is not working? | status | system status
prerequisites | help with the requirements | can you show me the requirements
""",
    "consent": """
consent | consnet | the consent | show me the consent link | give me the consent link | consent link
give consent | admin consent | admin consent please | microsoft 365 consent | how do I grant consent
help with consent | permissions | grant permissions | link for permissions | which permissions do you have
permissions for Microsoft 365 | what permissions do you need? | how do I give permissions in Microsoft 365
show the permissions | I want to give consent
""",
    "signout": """
signout | sign out | Sign me out | sign me out please! | please sign me out | Please sign out
can you sign me out? | sign-out | singout | sing out | signuot | sign out now | I want to sign out
hey, sign me out | ok, sign me out | log out | logout | log off | log me out please | I'd like to log out
could you log me out | would you sign me out | the signout | Liaison, sign me out
""",
    THANKS: """
thanks | Thanks!! | thank you! | thank you so much | Thank you very much | thx | great, thanks | ok thanks
many thanks | that's great, thank you | thanks a lot Liaison | thanks for the help | no thanks | cheers
perfect | 👍
""",
}
SWITCHED = {
    "enable": """
enable auto capture | Enable auto capture! | enabel auto capture | please enable auto capture
enable auto capture now | can you enable auto capture? | could you enable auto capture please
would you please enable auto capture | I want to enable auto capture | I'd like you to enable auto capture
hi, enable auto capture, thanks
""",
    "disable": """
disable auto capture | Disable auto capture. | diable auto capture | please disable auto capture now
could you disable auto capture | can you please disable auto capture? | I need to disable auto capture
ok, disable auto capture | go ahead and disable auto capture
""",
}
NONE = """
nonsense | sing me a song | what is the weather | the weather is great | tell me a joke | the | yes
Contoria | Is my email safe? | who reads my email? | kind regards | what time is it | how are you
open the pod bay doors | write an email to Ana | send Ana a mail | delete my emails
forward the mail to Ana | I am unable to sign in | am I signed out? | can I sign out? | sign out?
don't sign me out | never sign me out | why was I signed out | sign out Bob | sign our contract
unable auto capture | do not disable auto capture for anybody in sales
I got an email from my boss saying that we should all be nice and kind and friendly and whatever else there is
"""
TO_COME = """
who knows ivy | who knows Ivy Stone? | who of us knows Ivy Stone? | who knows someone at Contoria
health Contoria | what is the relationship health of Contoria | how healthy is Contoria? | cards
show my cards | audit | privileges | who do we know at Contoria | followed
did anyone open my followed mail
"""


def rows(table: str) -> list[str]:
    """The sentences of a table."""
    return [row.strip() for line in table.strip().splitlines() for row in line.split("|")]


def readings(table: str) -> dict[str, Reading]:
    return {row: read_sentence(row) for row in rows(table)}


def misread(table: str, command: str, argument: str = "") -> dict[str, Reading]:
    """The sentences of a table that are read as something else."""
    read = readings(table)
    return {row: read[row] for row in read if (read[row].command, read[row].argument) != (command, argument)}


def test_sentences_ask_for_untracked_email() -> None:
    assert not misread(OF_ALL, "untracked")
    assert not misread(OF_CONTORIA, "untracked", "Contoria")


def test_sentences_ask_for_a_record() -> None:
    assert not misread(FIND_CONTORIA, "find", "Contoria")
    assert not misread("find | search | please find | can you search?", "find")


@pytest.mark.parametrize("command", ALONE)
def test_sentences_ask_for_what_takes_no_argument(command: str) -> None:
    assert not misread(ALONE[command], command)


@pytest.mark.parametrize("command", SWITCHED)
def test_sentences_ask_for_a_switch(command: str) -> None:
    assert not misread(SWITCHED[command], command, "auto capture")


def test_other_sentences_are_no_command() -> None:
    assert not misread(NONE, "")
    assert not [row for row, reading in readings(NONE).items() if NOT_BUILT in reading.near]


def test_what_is_not_built_is_known_as_such() -> None:
    assert not misread(TO_COME, "")
    assert all(NOT_BUILT in reading.near for reading in readings(TO_COME).values())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("untracked Will Smith", "Will Smith"),
        ("what did Will Smith write?", "Will Smith"),
        ("what did Ana White write lately?", "Ana White"),
        ("what did gail write", "gail"),
        ("untracked New York Times", "New York Times"),
        ("untracked Bank of America", "Bank of America"),
        ("what did I not track with Bank of America?", "Bank of America"),
        ("untracked Contoso Inc.", "Contoso Inc"),
        ("find Settings Ltd", "Settings Ltd"),
        ("find Health AG", "Health AG"),
        ("find McDonald's", "McDonald's"),
        ("find McDonald’s email", "McDonald"),
        ("find O'Brien", "O'Brien"),
        ("find AT&T", "AT&T"),
        ('find "Show Me Ltd"', "Show Me Ltd"),
        ('what did "Who Knows" write to me', "Who Knows"),
        ("emails from „Über uns“", "Über uns"),
        ("untracked ana@fabrikam.example", "ana@fabrikam.example"),
        ("What did ana@fabrikam.example send yesterday", "ana@fabrikam.example"),
        ("find <ana@fabrikam.example>", "ana@fabrikam.example"),
        ("find ÇELİK A.Ş", "ÇELİK A.Ş"),
    ],
)
def test_a_name_keeps_its_spelling(text: str, name: str) -> None:
    reading = read_sentence(text)
    assert (reading.command in {"untracked", "find"}, reading.argument) == (True, name)


def test_every_word_has_a_command_and_every_command_a_word() -> None:
    assert {command.word for command in COMMANDS} == OWN_WORDS
    assert all(read_sentence(command.word).command == command.word for command in COMMANDS)
    words = read_words("en")
    examples = {each.word: f"command.{each.word}.example" for each in COMMANDS}
    assert sum(key in words for key in examples.values()) > 3
    for word, key in examples.items():
        assert key not in words or read_sentence(words(key)).command == word


@pytest.mark.parametrize("user", [SELLER, ADMIN])
def test_nothing_that_changes_is_offered(user: User) -> None:
    for reading in readings(NONE + TO_COME).values():
        offered = nearest(reading.near, user)
        assert len(offered) == 3
        assert not CHANGING.keys() & {command.word for command in offered}
        assert user.is_admin or not any(command.is_admin for command in offered)


def test_the_nearest_come_first() -> None:
    def first(text: str) -> str:
        return nearest(read_sentence(text).near, ADMIN)[0].word

    assert first("Is my email safe?") == "untracked"
    assert first("which requirements does Contoria have?") == "requirements"
    assert first("wherever consents are kept") == "consent"
    assert first("who knows ivy") == "help"


def test_long_texts_are_read_quickly() -> None:
    for text in (
        "untrakced " * 3000,
        "“" * 30_000,
        '"a ' * 10_000,
        "can you " * 3000,
        "find " * 6000,
        "'s" * 15_000,
    ):
        read_sentence(text)

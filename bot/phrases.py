"""The words that people use for what the bot does: data for `grammar.py`.

An idea is what any of its words says. A meaning is a command with its signs: a sentence that has every idea
(or word) of a sign means the command. Nothing here knows what a command does.
"""

from dataclasses import dataclass

from insights.features import FEATURES

THANKS = "thanks"
NOT_BUILT = "not built"
STRONG = 4
"""The rank from which a meaning is believed whatever else a sentence says."""

IDEAS = {
    "untracked": "untracked nontracked un-tracked",
    "not": (
        "not never without didnt dont havent hasnt isnt arent wasnt werent "
        "miss missed forget forgot forgotten"
    ),
    "track": "track tracked tracking captured",
    "email": "email emails e-mail e-mails mail mails message messages inbox mailbox correspondence",
    "write": (
        "write writes wrote written writing send sends sent sending mailed emailed say says said hear heard "
        "reply replied answer answered"
    ),
    "new": "new news newest latest recent unread",
    "show": "show shows list lists display give see view open get got check bring read need",
    "change": "change edit set adjust modify update manage",
    "find": "find finding search searching lookup locate",
    "look": "look looking",
    "record": (
        "record records account accounts contact contacts lead leads opportunity opportunities case cases "
        "customer customers client clients company companies person"
    ),
    "help": "help helps manual guide instructions command commands menu tutorial start",
    "hello": "hi hello hey greetings howdy morning afternoon evening",
    "work": "work works working",
    "use": "use using",
    "ask": "ask tell type",
    "preference": "preferences preference prefs options choices",
    "personal": "my own personal mine",
    "setting": "settings setting configuration configure",
    "feature": "features feature",
    "switch": "turn turned switch switched",
    "switched": "enable enabled disable disabled activate activated active inactive deactivate deactivated",
    "requirement": "requirements requirement prerequisites prerequisite",
    "state": "status diagnosis diagnostics doctor system",
    "missing": "missing lacking lacks lack met unmet",
    "ready": "ready running fine",
    "consent": "consent consents",
    "permission": "permission permissions grant grants granted authorise authorize",
    "microsoft": "microsoft office 365 m365 o365 entra azure tenant admin administrator link",
    "sign": "sign signed signing log logged logging logout logoff signout",
    "thank": "thank thanks thx ty cheers great perfect awesome brilliant excellent 👍 🙏 ❤️ 😊",
    "know": "know knows known knowing",
    "health": "health healthy",
    "card": "card cards",
    "follow": "follow followed following follows",
    "privilege": "privilege privileges",
    "audit": "audit audits",
    "of": "of for to from with by between about regarding concerning on in at 's",
    "did": "did do does has have had didnt",
    "what": "what which who whom anything something anyone anybody whatever",
}
FILLERS = """
    a an the this that these those there here it its i me my mine myself we us our you your he she they them
    is are am was were be been being do does did done has have had can could will would shall should may might
    must cannot unable ca wo if or and so but then than as any all every everything some one ones more most
    what which who whom when where why how whether anything something anyone anybody everybody
    of for to from with by between about regarding concerning on in at out up off into
    now again today yesterday tonight currently lately recently already yet still ever
    last past this week weeks month months day days year since until ago time
    please pls plz kindly kind want like love mind let lets go going help helps
    ok okay well yes yeah no nope hi hello hey dear liaison bot crm good nice cool
    thank thanks thx ty cheers great perfect awesome brilliant excellent many much very lot lots bit
    really also too only back quick quickly actually maybe perhaps 👍 🙏 ❤️ 😊 🙂
"""
"""What may stand anywhere in a sentence and is no part of an argument."""
LEADING = """
    the a an my our your me us all any every please pls plz for of from to with by about regarding on in that
    everything everyone everybody today now yet still
"""
"""What stands between a command's word and its argument and belongs to neither."""
POLITE = "please pls plz kindly thanks thank you now"
OPENINGS = frozenset({
    "please", "kindly", "hi", "hello", "hey", "liaison", "ok", "okay", "so", "now", "just", "and", "then",
    "yes", "the", "my", "a", "an", "can you", "could you", "would you", "will you", "i want to",
    "i want you to", "i would like to", "i would like you to", "i need to", "i need you to", "let us",
    "go ahead and",
})  # fmt: skip
"""How a request may begin and be one still: "can you sign me out"."""
BEYOND = """
    write send reply answer draft compose forward delete remove call phone schedule book remind create add
    sing translate summarise summarize
"""
"""A sentence that begins so asks for what no command does."""
CHANGING = {
    "signout": ("signout", "sign out", "sign me out", "logout", "log out", "log me out", "logoff", "log off"),
    "enable": ("enable",),
    "disable": ("disable",),
}
"""Commands that change something at once: only their own words mean them, one letter may be wrong."""
FEATURE_WORDS = frozenset(word for feature in FEATURES for word in str(feature.title).casefold().split())


@dataclass(frozen=True, slots=True)
class Meaning:
    """A command and the signs of it; of several meanings the highest rank is believed.

    `among` are ideas and words that may come along. `takes` tells that what is left over is the argument;
    without it nothing may be left over.
    """

    command: str
    rank: int
    signs: tuple[str, ...]
    among: str = ""
    takes: bool = False

    @property
    def words(self) -> frozenset[str]:
        """Ideas and words that it is said with."""
        return frozenset(" ".join((*self.signs, self.among)).split())


_EMAIL = "email write new show find record did what track ask"
MEANINGS = (
    Meaning("untracked", STRONG, ("untracked", "not track"), _EMAIL, takes=True),
    Meaning(
        "untracked",
        2,
        ("email of", "email show", "new of", "did write", "what write", "email write", "track email"),
        _EMAIL,
        takes=True,
    ),
    Meaning("untracked", 2, ("email", "did write", "what write", "track", "what new"), "new show not"),
    Meaning("find", 3, ("find", "look for", "look up"), "record show email what ask", takes=True),
    Meaning("find", 3, ("find",), "record"),
    Meaning("find", 1, ("who is", "where is", "you know", "we have", "show record"), "record", takes=True),
    Meaning(
        "help",
        3,
        (
            "can do", "can ask", "can write", "can use", "you do", "who you", "what are you", "what this",
            "how ask", "how work", "how use", "how talk you", "see help",
        ),
        "show find",
    ),
    Meaning("help", 1, ("help",), "ask show work use"),
    Meaning("help", 0, ("hello",)),
    Meaning("preferences", STRONG, ("preference",), "personal show change email switch"),
    Meaning("preferences", STRONG + 1, ("personal setting",), "preference show change"),
    Meaning(
        "settings",
        STRONG,
        ("setting", "feature", "switched", "switch on", "switch off"),
        " ".join(("show change not", *sorted(FEATURE_WORDS))),
    ),
    Meaning(
        "requirements",
        STRONG,
        (
            "requirement", "state", "missing", "need you", "need liaison", "all ready", "everything ready",
            "everything work", "not work", "set up", "setup",
        ),
        "show microsoft not",
    ),
    Meaning("consent", STRONG, ("consent", "permission"), "microsoft show email ask"),
    Meaning(THANKS, 0, ("thank",)),
    Meaning(THANKS, 2, ("thank help",)),
    Meaning(NOT_BUILT, STRONG, ("who know", "health", "card", "follow", "privilege", "audit"), takes=True),
)  # fmt: skip

TAKING = frozenset(meaning.command for meaning in MEANINGS if meaning.takes)
OWN_WORDS = frozenset(meaning.command for meaning in MEANINGS) - {THANKS, NOT_BUILT} | CHANGING.keys()
FILLER_WORDS = frozenset(FILLERS.split())
LEADING_WORDS = frozenset(LEADING.split())
POLITE_WORDS = frozenset(POLITE.split())
BEYOND_WORDS = frozenset(BEYOND.split())
IDEAS_OF: dict[str, frozenset[str]] = {
    word: frozenset(idea for idea, words in IDEAS.items() if word in words.split())
    for word in " ".join(IDEAS.values()).split()
}

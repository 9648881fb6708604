"""A parser of OData's `$filter` language, checked with OASIS's own test cases.

`odata-query` is not used: it lacks lists of one, JSON arrays as arguments (which
`Microsoft.Dynamics.CRM.In` takes), `$it`, `has` and any column whose name begins with `all` or `any`.
"""

from tests.standins.dataverse.filter_tree import Call, Fields, Items, Literal, Node, Operation, Path
from tests.standins.dataverse.lexer import BadSyntax, Word, split_words

BINDING = {
    "or": 1, "and": 2, "eq": 3, "ne": 3, "gt": 4, "ge": 4, "lt": 4, "le": 4, "has": 7, "in": 7,
    "add": 5, "sub": 5, "mul": 6, "div": 6, "divby": 6, "mod": 6,
}  # fmt: skip
PREFIX = 8
LITERALS = frozenset({"string", "number", "guid", "date", "time", "date_time", "typed", "json_string"})
SPECIAL_NUMBERS = {"INF", "NaN"}
TAKE_TYPES = frozenset({"cast", "isof"})
ALLOWED_ALONE = ("$", "@")


def parse_filter(text: str) -> Node:
    """The tree of a filter; raises BadSyntax."""
    parser = _Parser(text)
    node = parser.expression()
    parser.expect_end()
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.words, self.at = text, split_words(text), 0

    @property
    def word(self) -> Word:
        return self.words[self.at]

    def next(self) -> Word:
        word = self.word
        self.at += 1
        return word

    def fail(self) -> BadSyntax:
        return BadSyntax(self.word.position, self.text)

    def take(self, mark: str) -> bool:
        if self.word.kind == "mark" and self.word.text == mark:
            self.at += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.take(mark):
            raise self.fail()

    def expect_end(self) -> None:
        if self.word.kind != "end":
            raise self.fail()

    def expression(self, binding: int = 0) -> Node:
        left = self.prefixed()
        while True:
            operator = self.word.text.lower() if self.word.kind == "name" else ""
            strength = BINDING.get(operator, -1)
            if strength <= binding or (self.word.glued and not self._after_bracket()):
                return left
            self.at += 1
            if self.word.glued:
                raise self.fail()
            right = self.members() if operator == "in" else self.expression(strength)
            left = Operation(operator, (left, right))

    def _after_bracket(self) -> bool:
        return self.at > 0 and self.words[self.at - 1].text in {")", "]"}

    def prefixed(self) -> Node:
        word = self.word
        if word.kind == "name" and word.text.lower() == "not" and not self._follows(1, "/"):
            self.at += 1
            return Operation("not", (self.expression(PREFIX),))
        if self.take("-"):
            return Operation("neg", (self.expression(PREFIX),))
        return self.primary()

    def _follows(self, ahead: int, mark: str) -> bool:
        return self.words[min(self.at + ahead, len(self.words) - 1)].text == mark

    def primary(self) -> Node:
        if self.take("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if self.take("["):
            return self.items("]")
        if self.take("{"):
            return self.fields()
        if self.word.kind in LITERALS:
            return self.literal()
        if self.word.kind == "name":
            lowered = self.word.text.lower()
            if lowered in {"true", "false", "null"} or self.word.text in SPECIAL_NUMBERS:
                kind = (
                    "null" if lowered == "null" else "boolean" if lowered in {"true", "false"} else "number"
                )
                return Literal(kind, self.next().text.lower())
            return self.path()
        raise self.fail()

    def literal(self) -> Literal:
        word = self.next()
        if word.kind == "string":
            return Literal("string", word.text[1:-1].replace("''", "'"))
        if word.kind == "json_string":
            return Literal("string", word.text[1:-1].replace('\\"', '"').replace("\\\\", "\\"))
        return Literal(word.kind, word.text)

    def members(self) -> Node:
        """What stands right of `in`: constants in brackets, a JSON array, or a collection."""
        if self.word.text != "(":
            return self.primary()
        start = self.at
        self.expect("(")
        if self.take(")"):
            return Items(())
        if self.word.kind == "name" and self.word.text.lower() not in {"true", "false", "null"}:
            self.at = start
            return self.primary()
        found = [self.constant()]
        while self.take(","):
            found.append(self.constant())
        self.expect(")")
        return Items(tuple(found))

    def constant(self) -> Node:
        node = self.prefixed()
        if not isinstance(node, Literal):
            raise self.fail()
        return node

    def items(self, closing: str) -> Items:
        found: list[Node] = []
        while not self.take(closing):
            if found:
                self.expect(",")
            found.append(self.expression())
        return Items(tuple(found))

    def fields(self) -> Fields:
        found: list[tuple[str, Node]] = []
        while not self.take("}"):
            if found:
                self.expect(",")
            if self.word.kind != "json_string":
                raise self.fail()
            name = self.literal().text
            self.expect(":")
            found.append((name, self.expression()))
        return Fields(tuple(found))

    def path(self) -> Path:
        segments: list[str | Call] = [self.segment(is_first=True)]
        while self.take("/"):
            if self.word.kind != "name" or not self.word.glued:
                raise self.fail()
            segments.append(self.segment(is_first=False))
        last = segments[-1]
        if len(segments) == 1 and isinstance(last, str) and "." in last and last[0] not in ALLOWED_ALONE:
            raise self.fail()  # a type name alone is no value
        return Path(tuple(segments))

    def segment(self, *, is_first: bool) -> str | Call:
        name = self.next().text
        if not self.word.glued or not self.take("("):
            return name
        if name.lower() in {"any", "all"}:
            if is_first:
                self.at -= 1
                raise self.fail()
            return self.quantifier(name.lower())
        if name in {"$count", "$filter"}:
            return self.options(name)
        arguments: list[Node] = []
        named: list[tuple[str, Node]] = []
        while not self.take(")"):
            if arguments or named:
                self.expect(",")
            if self.word.kind == "name" and self._follows(1, "="):
                key = self.next().text
                self.expect("=")
                named.append((key, self.expression()))
            elif name in TAKE_TYPES and "." in self.word.text and self._follows(1, ")"):
                arguments.append(Path((self.next().text,)))
            else:
                arguments.append(self.expression())
        return Call(name, tuple(arguments), tuple(named))

    def options(self, name: str) -> Call:
        """What stands behind `$filter` or `$count` inside a path."""
        if name == "$filter":
            inner = self.expression()
            self.expect(")")
            return Call(name, (inner,))
        found: list[tuple[str, Node]] = []
        while not self.take(")"):
            if found:
                self.expect(";")
            key = self.next().text
            self.expect("=")
            found.append((key, self.expression()))
        return Call(name, (), tuple(found))

    def quantifier(self, name: str) -> Call:
        if self.take(")"):
            if name == "all":
                self.at -= 1
                raise self.fail()
            return Call(name)
        if self.word.kind != "name":
            raise self.fail()
        variable = self.next().text
        self.expect(":")
        inner = self.expression()
        self.expect(")")
        return Call(name, (inner,), (), variable)

"""Errors and their texts: every code can be told in every language, with the facts that its text needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import switchroom
from switchroom.errors import ErrorCode, FieldProblem, Invalid, NotFound, Problems
from switchroom.texts import LANGUAGES, Language, de, en, language_of, message, reason, text
from switchroom.texts.names import FieldNames

SOURCE = Path(switchroom.__file__).parent
DOMAIN = ("accounts", "meetings", "rooms", "identity", "mail", "events", "telephony")
TEXTS = {"en": en.TEXTS, "de": de.TEXTS}
ERRORS = {"Invalid", "NotFound", "Forbidden", "Conflict", "Exhausted", "Unavailable", "Unauthenticated"}


def _placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_text_in_every_language(language: Language) -> None:
    assert set(TEXTS[language]) == set(ErrorCode)
    assert all(one.strip() == one and one for one in TEXTS[language].values())


@pytest.mark.parametrize("code", ErrorCode)
def test_languages_need_the_same_facts(code: ErrorCode) -> None:
    english, german = _placeholders(en.TEXTS[code]), _placeholders(de.TEXTS[code])

    assert german <= english | {"field"}
    assert {"least", "most", "id", "name"} & english <= german


def test_german_is_german() -> None:
    """Words that only English has, and umlauts written in two letters."""
    english = re.compile(r"\b(the|is|not|must|there|and|of)\b")
    spelled_out = re.compile(
        r"\b(fuer|koennen|kann nicht gueltig|ungueltig|Schluessel|laenger|waehlen|gehoert)\b"
    )
    for code, german in de.TEXTS.items():
        assert not english.search(german), code
        assert not spelled_out.search(german), code


def _calls(folder: Path) -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield path, node


def _is_error(call: ast.Call) -> bool:
    name = call.func
    return (isinstance(name, ast.Name) and name.id in ERRORS) or (
        isinstance(name, ast.Attribute) and name.attr == "add" and bool(call.args) and _code(call) is not None
    )


def _code(call: ast.Call) -> ErrorCode | None:
    first = call.args[0] if call.args else None
    if (
        isinstance(first, ast.Attribute)
        and isinstance(first.value, ast.Name)
        and first.value.id == "ErrorCode"
    ):
        return ErrorCode[first.attr]
    return None


def test_errors_are_raised_with_the_facts_that_their_texts_need() -> None:
    found = 0
    for path, call in _calls(SOURCE):
        code = _code(call)
        if code is None or not _is_error(call):
            continue
        found += 1
        given = {word.arg for word in call.keywords}
        if None not in given:
            assert _placeholders(en.TEXTS[code]) <= given | {"field"}, f"{path}:{call.lineno}"
    assert found > 100


def _texts_of(node: ast.expr) -> list[str]:
    """The fixed parts of a text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    return [one for part in node.values for one in _texts_of(part)] if isinstance(node, ast.JoinedStr) else []


def test_the_domain_names_what_errors_are_about_in_its_own_words() -> None:
    """No names of a dialect's fields, which are in camel case where they have several words."""
    found = 0
    for folder in DOMAIN:
        for path, call in _calls(SOURCE / folder):
            names = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "path")]
            is_rule = isinstance(call.func, ast.Name) and call.func.id.startswith("require_")
            for name in names if _is_error(call) or is_rule else ():
                for part in _texts_of(name):
                    found += 1
                    assert re.fullmatch(r"[a-z0-9_.\[\]]*", part), f"{path}:{call.lineno} {part}"
    assert found > 80


def test_no_code_is_left_over() -> None:
    used = "".join(path.read_text() for path in SOURCE.rglob("*.py") if path.parent.name != "texts")

    assert [code.name for code in ErrorCode if f"ErrorCode.{code.name}" not in used] == []


def test_names_of_a_dialect() -> None:
    names = FieldNames(
        {"admin": "", "admin.email": "adminEmail", "invitees": "guests", "invitees.email": "mail"}
    )

    assert names.of("invitees[2].email") == "guests[2].mail"
    assert names.of("invitees[2].first_name") == "guests[2].firstName"
    assert names.of("admin.email") == "adminEmail"
    assert names.of("additional_timezones[1]") == "additionalTimezones[1]"
    assert names.of("groupLink.id") == "groupLink.id"
    assert names.of("") == ""
    assert FieldNames(in_camel_case=False).of("custom_data") == "custom_data"


def test_all_that_is_wrong_is_collected() -> None:
    problems = Problems()
    problems.require_none()
    with problems:
        raise Invalid(ErrorCode.EMPTY, "topic")
    with problems.within("invitees[1]"):
        raise Invalid.of(
            [FieldProblem("email", ErrorCode.EMPTY), FieldProblem("role", ErrorCode.TOO_LONG, {"most": 5})]
        )
    problems.add(ErrorCode.TOO_LONG, "topic", most=200)
    with pytest.raises(NotFound), problems:
        raise NotFound(ErrorCode.ROOM_NOT_FOUND, "room_id", id="x")

    with pytest.raises(Invalid) as error:
        problems.require_none()
    assert [(one.path, one.code) for one in error.value.problems] == [
        ("topic", ErrorCode.EMPTY),
        ("invitees[1].email", ErrorCode.EMPTY),
        ("invitees[1].role", ErrorCode.TOO_LONG),
    ]
    assert message(error.value, "de") == (
        "topic darf nicht leer sein; invitees[1].email darf nicht leer sein; "
        "invitees[1].role ist länger als 5 Zeichen"
    )


def test_types_of_values_are_named_in_the_language() -> None:
    problem = FieldProblem(
        "size", ErrorCode.TYPE_MISMATCH, {"expected": "whole number or null", "got": "object"}
    )

    assert reason(problem, "en", str) == "expected whole number or null, got object"
    assert reason(problem, "de", str) == "Erwartet: ganze Zahl oder null, erhalten: Objekt"


def test_what_people_wrote_is_shown_as_it_is() -> None:
    assert text(ErrorCode.QUOTA_NOT_FOUND, "de", facts={"name": "{field} string"}) == (
        "Die Größe {field} string gibt es nicht"
    )


def test_a_text_without_its_facts_says_what_it_can() -> None:
    assert text(ErrorCode.ROOM_NOT_FOUND) == "there is no room …"


@pytest.mark.parametrize(("accepted", "language"), [("", "en"), ("de-AT", "de"), ("fr, de;q=0.5", "de")])
def test_the_language_of_a_request(accepted: str, language: Language) -> None:
    assert language_of(accepted) == language

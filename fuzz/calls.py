"""Attack on every operation of every OpenAPI document, with requests that fit it and ones that do not."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from typing import Any, cast

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Unsatisfiable

from fuzz.credentials import Credentials
from fuzz.examples import ABOUT_ONESELF, DOCUMENTS, LEFT_OUT
from fuzz.tally import Tally
from fuzz.target import Target

_LIMIT = 30.0
_IDENTIFIED = 0.95
_SHOWN = 500


class Calls:
    """Attack by schemathesis, a few requests per operation and round."""

    name = "documented calls"
    share = 3

    def __init__(self, target: Target, known: Credentials, tally: Tally, seed: int) -> None:
        self._target = target
        self._known = known
        self._tally = tally
        self._chance = random.Random(seed)
        self._seed = seed
        self._session = requests.Session()
        self._session.trust_env = False
        self._operations = [one for path in DOCUMENTS for one in self._documented(path)]

    def __len__(self) -> int:
        """How many operations there are."""
        return len(self._operations)

    def attack(self, known: Credentials, seconds: float) -> None:
        """Try all operations once or more, until the time is over."""
        self._known = known
        deadline = time.monotonic() + seconds
        self._chance.shuffle(self._operations)
        # What is taken away first nothing more could be tried with.
        self._operations.sort(key=lambda operation: operation.method == "delete")
        while time.monotonic() < deadline:
            for operation in self._operations:
                if time.monotonic() >= deadline:
                    return
                mode = self._chance.choice(list(schemathesis.GenerationMode))
                self._try(operation, mode)

    def _documented(self, path: str) -> Iterator[Any]:
        document = self._session.get(self._target.base_url + path, timeout=_LIMIT).json()
        schema: Any = schemathesis.openapi.from_dict(document)
        schema.config.base_url = self._target.base_url
        for found in schema.get_all_operations():
            operation = found.ok()
            if not operation.path.endswith(LEFT_OUT):
                yield operation

    def _try(self, operation: Any, mode: Any) -> None:
        self._seed += 1

        @hypothesis.seed(self._seed)
        @hypothesis.settings(
            max_examples=3,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(cast("Iterable[HealthCheck]", HealthCheck)),
        )
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            self._send(operation, case)

        try:
            send()
        except Unsatisfiable:  # there is nothing that would not fit this document
            pass

    def _send(self, operation: Any, case: Any) -> None:
        body = case.body
        if isinstance(body, dict):
            body = self._known.plant(body, self._chance)
            if self._chance.random() < _IDENTIFIED:
                self._known.identify(body, self._chance)
            if operation.path.endswith(ABOUT_ONESELF):
                self._known.spare_oneself(body, self._chance)
            case.body = body
        if case.path_parameters:
            case.path_parameters = self._known.plant(case.path_parameters, self._chance)
        if case.query:
            case.query = self._known.plant(case.query, self._chance)
        if self._chance.random() < _IDENTIFIED:
            case.headers = {**(case.headers or {}), **self._known.headers}
        named = f"{operation.method.upper()} {operation.path}"
        cause = f"{named} {case.path_parameters} {case.query} {case.body!r}"
        try:
            answer = case.call(session=self._session, timeout=_LIMIT)
        except requests.Timeout:
            self._tally.no_answer(self.name, cause)
            return
        except (requests.RequestException, ValueError):  # nothing that can be sent
            self._tally.case(self.name)
            return
        text = answer.content[:_SHOWN].decode(errors="replace")
        self._tally.answer(self.name, answer.status_code, cause, text)

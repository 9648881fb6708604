"""A stand-in for Entra: sign-in page, token endpoint, published keys, managed identities, faults."""

from tests.standins.entra.directory import API_SCOPE, APP_ID, TENANT, Application, Person
from tests.standins.entra.server import EntraStandin, running_entra, serving_entra
from tests.standins.entra.state import Fault

__all__ = [
    "API_SCOPE",
    "APP_ID",
    "TENANT",
    "Application",
    "EntraStandin",
    "Fault",
    "Person",
    "running_entra",
    "serving_entra",
]

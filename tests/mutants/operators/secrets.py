"""Secrets in files. Tokens are put together here, so that no scanner takes this file for a leak."""

import string

from tests.mutants.draft import Draft
from tests.mutants.operator import family

operator = family("secrets")
HEX = "0123456789abcdef"


def _random(draft: Draft, alphabet: str, length: int) -> str:
    return "".join(draft.rng.choice(alphabet) for _ in range(length))


@operator()
def workspace_token_in_a_variable(draft: Draft) -> None:
    """A token of the workspace is the default of a variable."""
    place = draft.pick("databricks.yml", r"default: (payouts)$", within="gateway_secret_scope$")
    draft.put(place, "da" + "pi" + _random(draft, HEX, 32), 1)


@operator()
def token_in_a_parameter(draft: Draft) -> None:
    """A token is given to a task among its parameters."""
    place = draft.pick(
        "resources/*.job.yml", r"--gateway_secret_scope=(\$\{var\.gateway_secret_scope\})", within="parameters$"
    )
    draft.put(place, "gh" + "p_" + _random(draft, string.ascii_letters + string.digits, 36), 1)


@operator()
def cloud_key_in_a_configuration(draft: Draft) -> None:
    """The keys of a bucket stand in the configuration of a pipeline."""
    place = draft.pick("resources/*.pipeline.yml", r"payouts\.settlement_timezone: ")
    text = f"fs.s3a.access.key: {'AK' + 'IA'}{_random(draft, string.ascii_uppercase + '234567', 16)}\n"
    draft.add(place, text + f"fs.s3a.secret.key: {_random(draft, string.ascii_letters + string.digits, 40)}")


@operator()
def password_in_a_configuration(draft: Draft) -> None:
    """A password stands as text under a key that says so."""
    place = draft.pick("resources/*.pipeline.yml", r"payouts\.landing_path: ")
    draft.add(place, f'payouts.sftp_password: "Summer-{_random(draft, string.ascii_letters, 6)}!"')


@operator()
def token_in_code(draft: Draft) -> None:
    """A token is written into the code for a try."""
    place = draft.pick("src/payouts/gateway/http.py", r"^TIMEOUT_SECONDS = ")
    draft.add(place, f'TOKEN = "{"gh" + "p_"}{_random(draft, string.ascii_letters + string.digits, 36)}"')


@operator()
def webhook_address_in_a_tag(draft: Draft) -> None:
    """The address of a chat's webhook, which is a secret, is kept in a variable."""
    place = draft.pick("databricks.yml", r"project: \$\{bundle\.name\}$", within="tags/default$")
    path = "/".join(_random(draft, string.ascii_uppercase + string.digits, n) for n in (9, 10))
    address = "https://hooks.sl" + f"ack.com/services/T{path}/{_random(draft, string.ascii_letters, 24)}"
    draft.add(place, f"alarm: {address}")


@operator("databricks.yml")
def private_key_in_a_file(draft: Draft) -> None:
    """A private key lies beside the code and is synced with it."""
    body = "\n".join(_random(draft, string.ascii_letters + string.digits, 64) for _ in range(6))
    kind = "PRIVATE" + " KEY"
    draft.add_file("src/payouts/gateway/client.pem", f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")

"""`python -m sandbox_gateway`: see --help."""

import argparse
from pathlib import Path

from sandbox_gateway.server import serve
from sandbox_gateway.token import shared_token


def parser() -> argparse.ArgumentParser:
    """The command line."""
    arguments = argparse.ArgumentParser(prog="sandbox_gateway", description="A payment gateway that moves no money.")
    arguments.add_argument("--db", type=Path, required=True, help="SQLite file with all that it decided")
    arguments.add_argument("--port", type=int, default=0, help="0: a free one; the address is the first line printed")
    arguments.add_argument(
        "--secrets-file",
        type=Path,
        default=Path(".lakeflow/secrets.json"),
        help="JSON {scope: {key: value}}; the token is read from it, or made and added",
    )
    arguments.add_argument("--scope", default="payouts", help="scope of the token in the secrets file")
    arguments.add_argument("--key", default="gateway_token", help="key of the token in its scope")
    arguments.add_argument("--detached", action="store_true", help="go on when standard input closes")
    arguments.add_argument("--log-requests", action="store_true", help="a line on standard error for each request")
    return arguments


def main() -> None:
    """Serves until standard input closes or a signal arrives."""
    arguments = parser().parse_args()
    try:
        token = shared_token(arguments.secrets_file, arguments.scope, arguments.key)
    except ValueError as error:
        parser().error(str(error))
    arguments.db.parent.mkdir(parents=True, exist_ok=True)
    serve(
        db=str(arguments.db),
        port=arguments.port,
        token=token,
        exit_with_stdin=not arguments.detached,
        log_requests=arguments.log_requests,
    )


if __name__ == "__main__":
    main()

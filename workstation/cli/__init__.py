"""The command line: each subcommand reads its words and calls one workflow function."""

from workstation.cli.main import run

__all__ = ["run"]

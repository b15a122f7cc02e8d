"""Verbs that have verbs of their own."""

import typer
from typer.core import TyperGroup

ORDER = ("train", "predict", "generate", "evaluate", "info", "data", "demo")  # first what is done first


class InOrder(TyperGroup):
    """Commands in the order in which they are used; typer lists those that have verbs of their own last."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """The names as help shows them."""
        names = list(self.commands)
        return [name for name in ORDER if name in names] + [name for name in names if name not in ORDER]


def group(purpose: str) -> typer.Typer:
    """An empty group of commands, which shows its help when it is called without one."""
    app = typer.Typer(
        cls=InOrder, help=purpose, add_completion=False, invoke_without_command=True, rich_markup_mode="markdown"
    )

    @app.callback()
    def show_help(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return app

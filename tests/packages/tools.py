# SPDX-License-Identifier: MIT
"""Exercises: tools that run for long, or inside which programs run."""

import io

from exercises import exercise


@exercise
def click():
    import click
    from click.testing import CliRunner

    @click.command()
    @click.option("--count", default=1)
    @click.argument("name")
    def hello(count, name):
        click.echo(f"hello {name} " * count)

    runner = CliRunner()
    result = runner.invoke(hello, ["--count", "3", "you"])
    assert result.exit_code == 0, result
    return hello, runner, result


@exercise
def cython():
    from Cython.Compiler.Main import Context, CompilationOptions
    from Cython.Compiler.TreeFragment import TreeFragment

    trees = [TreeFragment(f"def f(x):\n    return [y * {n} for y in x]") for n in range(5)]
    return trees, Context.from_options(CompilationOptions())


@exercise
def ipython():
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.history_manager.enabled = False
    results = [shell.run_cell(f"x{n} = [n for n in range({n})]", silent=True)
               for n in range(10)]
    return shell, results, shell.complete("impo")


@exercise
def pytest():
    import pluggy
    import pytest

    spec, impl = pluggy.HookspecMarker("exercise"), pluggy.HookimplMarker("exercise")

    class Spec:
        @spec
        def ask(self, n):
            pass

    class Plugin:
        @impl
        def ask(self, n):
            return [n] * n

    manager = pluggy.PluginManager("exercise")
    manager.add_hookspecs(Spec)
    manager.register(Plugin())
    with pytest.raises(ValueError) as info:
        int("no number")
    return manager, manager.hook.ask(n=4), info, pytest.approx(1.0)


@exercise
def redis():
    import redis

    client = redis.Redis(port=9, retry=None, retry_on_error=[])
    try:
        client.ping()
    except redis.ConnectionError as error:
        refused = error.with_traceback(None)
    pipe = client.pipeline()
    for n in range(50):
        pipe.set(f"key {n}", n)
    return client, pipe, refused


@exercise
def rich():
    from rich.console import Console
    from rich.table import Table
    from rich.tree import Tree

    console = Console(file=io.StringIO(), width=80)
    table = Table("n", "square")
    for n in range(50):
        table.add_row(str(n), f"[bold]{n * n}[/bold]")
    tree = Tree("root")
    for n in range(10):
        tree.add(f"leaf {n}").add("below")
    console.print(table, tree)
    return console, table, tree

# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operators for cosmic-ray that mutate tables, texts and plans.

Its own operators swap comparisons, arithmetic and booleans, negate conditions, and change numbers by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Operator

__all__ = ["OPERATORS"]

SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
BLOCKS = ("if_stmt", "for_stmt", "while_stmt", "try_stmt", "with_stmt")
ASSIGNMENTS = ("=", "annassign")
TABLES = ("testlist_comp", "dictorsetmaker", "arglist")


class Rewriting(Operator):
    """Replaces the code of a node with each text that C(rewritten) yields."""

    @staticmethod
    def rewritten(node: Any) -> Iterator[str]:
        """Yield replacements for the code of a node."""
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        return ((node.start_pos, node.end_pos) for _code in self.rewritten(node))

    def mutate(self, node: Any, index: int) -> Any:
        return parso.parse(node.get_first_leaf().prefix + list(self.rewritten(node))[index])

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class DropStatement(Rewriting):
    """Replaces a call for its effect, a raise, an assignment to a part or in a branch with C(pass)."""

    @staticmethod
    def rewritten(node: Any) -> Iterator[str]:
        if node.parent is None or node.parent.type != "simple_stmt" or not _enclosing(node, "funcdef"):
            return
        calls = node.type == "atom_expr"
        assigns = node.type == "expr_stmt" and (
            node.children[0].type == "atom_expr"
            or getattr(node.children[1], "value", getattr(node.children[1], "type", "")) not in ASSIGNMENTS
            or (node.children[0].type == "name" and _enclosing(node, *BLOCKS))
        )
        if calls or assigns or node.type == "raise_stmt":
            yield "pass"


class DropRow(Rewriting):
    """Removes an entry of a table at module level, or a keyword argument of a call."""

    @staticmethod
    def rewritten(node: Any) -> Iterator[str]:
        if node.type not in TABLES or (node.type != "arglist" and not _is_table(node)):
            return
        entries = _entries(node)
        for left_out, entry in enumerate(entries):
            if node.type == "arglist" and (entry[0].type != "argument" or entry[0].children[0].type != "name"):
                continue
            others = [_code(other) for number, other in enumerate(entries) if number != left_out]
            yield ", ".join(others) + ("," if node.type == "testlist_comp" else "")


class NegateFilter(Rewriting):
    """Negates the condition of a comprehension."""

    @staticmethod
    def rewritten(node: Any) -> Iterator[str]:
        if node.parent is not None and node.parent.type == "comp_if" and node is node.parent.children[1]:
            yield f"(not ({node.get_code(include_prefix=False)}))"


class ReplaceText(Rewriting):
    """Changes a text that is a name, a code or a format. Messages are not changed."""

    @staticmethod
    def rewritten(node: Any) -> Iterator[str]:
        if node.type == "fstring_string" and not re.search(r"\s", node.value):
            yield f"XX{node.value}"
        elif node.type == "string" and _is_name(node.value) and node.parent.type != "simple_stmt":
            yield re.sub(r"^([a-zA-Z]*(?:'|\"))", r"\1XX", node.value)


class DropAlternative(Rewriting):
    """Removes one alternative of a pattern."""

    @staticmethod
    def rewritten(node: Any) -> Iterator[str]:
        if node.type != "string" or not node.value.startswith('r"') or node.value.startswith('r"""'):
            return
        alternatives = re.split(r"\|(?![^(]*\))", node.value[2:-1])
        for left_out in range(len(alternatives) if len(alternatives) > 1 else 0):
            others = [other for number, other in enumerate(alternatives) if number != left_out]
            yield f'r"{"|".join(others)}"'


class ReturnNone(Rewriting):
    """Makes a function return None."""

    @staticmethod
    def rewritten(node: Any) -> Iterator[str]:
        if node.type == "return_stmt" and node.get_code(include_prefix=False) != "return None":
            yield "return None"


class SwapMembership(Rewriting):
    """Swaps C(in) and C(not in)."""

    @staticmethod
    def rewritten(node: Any) -> Iterator[str]:
        if node.parent is None or node.parent.type != "comparison":
            return
        code = node.get_code(include_prefix=False)
        if code == "in":
            yield "not in"
        elif node.type == "comp_op" and code == "not in":
            yield "in"


class SwapCall(Rewriting):
    """Swaps C(min) and C(max), and C(any) and C(all)."""

    @staticmethod
    def rewritten(node: Any) -> Iterator[str]:
        if node.type == "name" and node.value in SWAPPED and node.parent.type == "atom_expr":
            yield SWAPPED[node.value]


OPERATORS: dict[str, type[Operator]] = {
    kind.__name__: kind
    for kind in (
        DropAlternative,
        DropRow,
        DropStatement,
        NegateFilter,
        ReplaceText,
        ReturnNone,
        SwapCall,
        SwapMembership,
    )
}


def _enclosing(node: Any, *types: str) -> bool:
    """Return whether a node is inside one of these types of statements, within the same function."""
    while node.parent is not None:
        node = node.parent
        if node.type in types:
            return True
        if node.type == "funcdef":
            return False
    return False


def _is_name(text: str) -> bool:
    """Return whether a text is a name, a code or a format. Messages have spaces, or are in Chinese."""
    return text.isascii() and not re.search(r"\s", text)


def _is_table(node: Any) -> bool:
    atom = node.parent
    assignment = atom.parent
    return (
        atom.type == "atom"
        and assignment.type in ("expr_stmt", "annassign")
        and not _enclosing(assignment, "funcdef", "classdef")
        and not any("for" in child.type for child in node.children)
    )


def _entries(node: Any) -> list[list[Any]]:
    """Return the nodes between the commas of a table."""
    entries: list[list[Any]] = [[]]
    for child in node.children:
        if getattr(child, "value", None) == ",":
            entries.append([])
        else:
            entries[-1].append(child)
    return [entry for entry in entries if entry]


def _code(nodes: list[Any]) -> str:
    return "".join(node.get_code() for node in nodes).strip()

# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. Read Kubernetes manifests from text, lists, and results of modules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Iterator, List, Mapping, Set, Tuple

import yaml
from ansible.module_utils.common.yaml import SafeLoader
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._budget import Budget
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._descriptions import describe

__all__ = ["UNRENDERED", "InvalidManifest", "Manifest", "has_template", "is_single", "read_manifests"]

# Begins a document (YAML 1.1, section 4.3.1).
SEPARATOR = re.compile(r"---(?:\s|$)")
KIND = re.compile(r"^kind:[ \t]*[\"']?([\w.-]{1,63})", re.MULTILINE)
# Opens an expression in the templates of Helm and Ansible.
TEMPLATE = "{{"
UNRENDERED = "a template that was not rendered. Render the manifests first, for example with helm template."
# The keys under which results of modules contain manifests: k8s_info, and any module with a loop.
RESULT_KEYS = ("resources", "results")
# Lists in lists. YAML aliases can nest them without end, or multiply their elements.
MOST_LISTS = 3
# Values that the merge keys of a text may copy. Before its version 6.0.4, PyYAML copied each use of an alias.
MERGE = "tag:yaml.org,2002:merge"
MOST_MERGED = 100_000
# Characters of a problem, and of the message of another task, in a message.
LONGEST_PROBLEM, LONGEST_REASON = 200, 1000
# What PyYAML raises for a value that is invalid for its explicit tag, for example !!bool x.
NO_VALUE = (ArithmeticError, AttributeError, LookupError, TypeError)


class InvalidManifest(ValueError):
    """Manifests cannot be used. The message consists of whole sentences."""


class ManifestLoader(SafeLoader):  # type: ignore[misc]
    """The YAML loader of Ansible, restricted to the types that Kubernetes reads from YAML.

    In YAML 1.1, C(2026-01-01) is a date, C(22:22) is the number 1342, and a single C(=) is no text. Kubernetes reads
    all of them as text (the YAML decoder of sigs.k8s.io/yaml).
    """

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._merged = 0
        self._in_progress: Set[int] = set()

    def flatten_mapping(self, node: Any) -> None:
        """Replace the merge keys of a mapping by the values that they copy, up to a limit for the whole text."""
        if id(node) in self._in_progress:
            return
        self._in_progress.add(id(node))
        for source in _merged_mappings(node):
            self.flatten_mapping(source)
            self._merged += len(source.value)
            if self._merged > MOST_MERGED:
                raise yaml.constructor.ConstructorError(
                    problem=f"merge keys copy more than {MOST_MERGED} values", problem_mark=node.start_mark
                )
        super().flatten_mapping(node)
        self._in_progress.discard(id(node))


def _merged_mappings(node: Any) -> Iterator[Any]:
    """Yield the mappings that the merge keys of a mapping refer to."""
    for key, value in node.value:
        if key.tag == MERGE:
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            yield from (source for source in sources if isinstance(source, yaml.MappingNode))


def _kubernetes_resolvers() -> Any:
    """Return the rules that assign types to plain scalars, by their first character."""
    dropped = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
    resolvers = {}
    for first, rules in SafeLoader.yaml_implicit_resolvers.items():
        resolvers[first] = [_without_base_60(tag, pattern) for tag, pattern in rules if tag not in dropped]
    return resolvers


def _without_base_60(tag: str, pattern: Any) -> Tuple[str, Any]:
    """Return the rule of a number without the notation in base 60, which contains a colon."""
    if tag not in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
        return tag, pattern
    return tag, re.compile(f"(?![^:]*:)(?:{pattern.pattern})", pattern.flags)


ManifestLoader.yaml_implicit_resolvers = _kubernetes_resolvers()


@dataclass(frozen=True, eq=False)
class Manifest:
    """One manifest. C(label) says where it is in the input, for messages. Two manifests are never equal."""

    label: str
    body: Mapping[str, Any]


def has_template(text: str) -> bool:
    """Return whether a text contains the beginning of a template expression."""
    return TEMPLATE in text


def is_single(manifests: Any) -> bool:
    """Return whether the input is one manifest, which may be a list of the kind C(List)."""
    return isinstance(manifests, dict) and "kind" in manifests


def read_manifests(manifests: Any) -> List[Manifest]:
    """Return the manifests of an input in order. Empty documents are left out.

    The input is a manifest, a list, a result of kubernetes.core.k8s_info, or a text with YAML documents. Raises
    InvalidManifest.
    """
    if manifests is None:
        raise InvalidManifest("the manifests are null.")
    return list(_read(manifests, "", Budget(InvalidManifest), 0))


def _read(value: Any, place: str, budget: Budget, levels: int) -> Iterator[Manifest]:
    """Yield the manifests of a value. C(place) is where it is in the input, with a comma, or empty."""
    budget.spend(levels)
    if isinstance(value, str):
        for number, document in enumerate(_documents(value, place), 1):
            yield from _read_document(document, f"{place}document {number}", budget)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value, 1):
            yield from _read(item, f"{place}item {number}, ", budget, levels + 1)
    elif isinstance(value, dict) and "kind" not in value:
        yield from _read_result(value, place, budget, levels)
    else:
        yield from _read_document(value, place.rstrip(", ") or "the input", budget)


def _read_document(document: Any, label: str, budget: Budget, lists: int = 0) -> Iterator[Manifest]:
    """Yield the manifests of a document that is in C(lists) lists."""
    budget.spend(lists)
    if document is None:
        return
    if isinstance(document, list):
        if lists == MOST_LISTS:
            raise InvalidManifest(
                f"{label} is in more than {MOST_LISTS} lists. A YAML alias probably refers to itself."
            )
        # Some tools write a list instead of several documents.
        for number, item in enumerate(document, 1):
            yield from _read_document(item, f"{label}, item {number}", budget, lists + 1)
        return
    if not isinstance(document, dict):
        hint = " To read manifests from a file, use lookup('ansible.builtin.file', path)."
        raise InvalidManifest(
            f"{label} is not a Kubernetes manifest but {describe(document)}.{hint if isinstance(document, str) else ''}"
        )
    if not isinstance(document.get("kind"), str) or not document["kind"]:
        hint = " Use the stdout of a command instead of its result." if "stdout" in document else ""
        raise InvalidManifest(f"{label} is not a Kubernetes manifest: it has no kind.{hint}")
    yield Manifest(label, document)


def _read_result(result: Mapping[str, Any], place: str, budget: Budget, levels: int) -> Iterator[Manifest]:
    """Yield the manifests of a module's result, also of a loop."""
    if result.get("failed"):
        reason = str(result.get("msg"))[:LONGEST_REASON]
        raise InvalidManifest(f"{place}the task that returned this result failed: {reason}")
    for key in RESULT_KEYS:
        if isinstance(result.get(key), (list, tuple)):
            yield from _read(result[key], f"{place}{key}, ", budget, levels + 1)
            return
    yield from _read_document(result, place.rstrip(", ") or "the input", budget)


def _documents(text: str, place: str) -> Iterator[Any]:
    """Yield the documents of a text. Raises InvalidManifest."""
    try:
        # The parser refuses Ansible's subclass of str.
        yield from yaml.load_all(str(text), Loader=ManifestLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidManifest(_yaml_problem(text, place, error)) from error
    except NO_VALUE as error:
        raise InvalidManifest(f"{place}the text is not valid YAML: a value does not fit its tag.") from error


def _yaml_problem(text: str, place: str, error: Exception) -> str:
    """Return what is wrong with a text that is not valid YAML, with the document's number and kind."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"{place}the text is not valid YAML: {' '.join(str(error).split())[:LONGEST_PROBLEM]}."
    number, document = _document_at(text.splitlines(), mark.line)
    kind = KIND.search(document)
    label = f"{place}document {number}" + (f" (kind {kind.group(1)})" if kind else "")
    problem = (getattr(error, "problem", None) or "it cannot be parsed")[:LONGEST_PROBLEM]
    hint = f" It contains {UNRENDERED}" if has_template(document) else ""
    return f"{label} is not valid YAML: {problem}, line {mark.line + 1}.{hint}"


def _document_at(lines: List[str], line: int) -> Tuple[int, str]:
    """Return the number and the text of the document that contains a line."""
    starts = [number for number, content in enumerate(lines) if SEPARATOR.match(content)]
    if starts and not any(map(_has_content, lines[: starts[0]])):
        # The first separator does not end a document.
        starts = starts[1:]
    before = [start for start in starts if start <= line]
    after = [start for start in starts if start > line]
    begin, end = (before[-1] if before else 0), (after[0] if after else len(lines))
    return len(before) + 1, "\n".join(lines[begin:end])


def _has_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(("#", "%"))

# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests that attack the machine that reads them: each gives a result or a short error, in bounded memory and work.

Work is counted in values and in megabytes. Without the limits, the aliases below are billions of values.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.tencentcloud.tke.plugins.filter.as_declarations import as_declarations
from ansible_collections.tencentcloud.tke.plugins.filter.image_cache_report import image_cache_report
from ansible_collections.tencentcloud.tke.plugins.filter.pod_images import pod_images
from ansible_collections.tencentcloud.tke.plugins.filter.with_image_caches import with_image_caches
from ansible_collections.tencentcloud.tke.plugins.filter.workload_image_caches import workload_image_caches
from ansible_collections.tencentcloud.tke.plugins.plugin_utils import _budget
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads import documents, pod_templates

pytestmark = pytest.mark.slow

MB = 1 << 20
TEN_MB = 10 * MB
HEAD = "kind: Deployment\nmetadata: {name: web}\n"
POD = "spec: {template: {spec: {containers: [{name: a, image: 'a:1'}]}}}\n"
FILTERS = {
    "pod_images": pod_images,
    "workload_image_caches": workload_image_caches,
    "with_image_caches": lambda manifests: with_image_caches(manifests, [], report=True),
}


def aliases(first: str, use: Callable[[int], str], levels: int) -> str:
    """Return a manifest in which each value uses the one before several times."""
    lines = [f"v{number}: &v{number} {use(number - 1)}\n" for number in range(1, levels)]
    return HEAD + f"v0: &v0 {first}\n" + "".join(lines)


BOMBS = {
    "lists": aliases("[1]", lambda n: "[" + f"*v{n}," * 10 + "]", 30),
    "mappings": aliases("{a: 1}", lambda n: f"{{a: *v{n}, b: *v{n}, c: *v{n}}}", 40),
    "wide lists": HEAD + "v: &v [" + "1," * 20_000 + "]\nw: [" + "*v," * 20_000 + "]\n",
    "documents": "- &m {kind: X}\n- &a [" + "*m," * 3000 + "]\n- &b [" + "*a," * 3000 + "]\n- [" + "*b," * 3000 + "]\n",
    "empty documents": "- &m\n- &a [" + "*m," * 3000 + "]\n- &b [" + "*a," * 3000 + "]\n- [" + "*b," * 3000 + "]\n",
}
SELVES = {
    "list": "&a [*a]",
    "mapping": "&a {kind: X, a: *a}",
    "List": "&a {kind: List, metadata: {}, items: [*a]}",
    "Pod template": "kind: X\nspec: &s {template: {spec: {containers: [{name: a, image: 'a:1', s: *s}]}}}",
}
DEEP = {
    "flow lists": HEAD + "v: " + "[" * 1000 + "]" * 1000,
    "flow mappings": HEAD + "v: " + "{a: " * 1000 + "1" + "}" * 1000,
    "block mappings": HEAD + "v:\n" + "".join(" " * n + "a:\n" for n in range(1, 1000)),
    "block lists": "- " * 1000 + "1",
    "100,000 levels": HEAD + "v: " + "[" * 100_000,
}
TAGS = [
    "!!python/object/apply:os.system ['touch /tmp/owned']",
    "!!python/object/new:os.system ['touch /tmp/owned']",
    "!!python/object:os.system {}",
    "!!python/name:os.system ''",
    "!!python/module:os ''",
    "!!python/tuple [1]",
    "!!python/bytes 'AA=='",
    "!vault 'x'",
    "!unsafe '{{ 1 }}'",
    "!include /etc/passwd",
    "!!bool x",
    "!!int x",
    "!!int ''",
    "!!float x",
    "!!timestamp x",
    "!!timestamp 2026-99-99",
    "!!binary 'ä'",
    "!!omap x",
    "!!pairs [x]",
    "!!map x",
    "!!seq {}",
    "!!str {}",
]
HUGE = {
    "text": HEAD + POD + f"v: {'x' * TEN_MB}\n",
    "key": HEAD + POD + f"? {'x' * TEN_MB}\n: 1\n",
    "comment": HEAD + POD + "#" * TEN_MB,
    "lines": HEAD + POD + "\n" * TEN_MB,
    "spaces": " " * TEN_MB + "kind: X",
    "image": HEAD + f"spec: {{containers: [{{name: a, image: {'x' * TEN_MB}}}]}}",
    "name": f"kind: Pod\nmetadata: {{name: {'x' * TEN_MB}}}\nspec: {{containers: [{{name: a, image: 'A:1'}}]}}",
    "kind": f"kind: {'x' * TEN_MB}\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: 'A:1'}}]}}",
    "kind of invalid YAML": f"kind: {'x' * TEN_MB}\na: [",
    "tag": f"kind: X\na: !<{'x' * TEN_MB}> 1",
    # Shorter, because measuring the memory of these takes 0.3 s for each megabyte.
    "number": f"kind: X\na: {'9' * 2 * MB}",
    "underscores": f"kind: X\na: 1{'_' * 2 * MB}",
    "number in base 2": f"kind: X\na: 0b{'1' * TEN_MB}",
    "unterminated text": f'kind: X\na: "{"x" * TEN_MB}',
    "text instead of manifests": "x" * TEN_MB,
    "path": HEAD + "a: {" * 300 + "spec: {containers: [{name: a, image: 'A:1'}]}" + "}" * 300,
}


def outcome(name: str, manifests: Any) -> str:
    """Return the message of a filter's error, empty if there is a result."""
    tracemalloc.start()
    try:
        FILTERS[name](manifests)
    except AnsibleFilterError as error:
        message = str(error)
        assert message.startswith(f"{name}: ")
        assert len(message) < 3000
        return message
    finally:
        peak = tracemalloc.get_traced_memory()[1] / MB
        tracemalloc.stop()
        assert peak < 500
    return ""


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("bomb", BOMBS)
def test_aliases_that_explode_are_refused(name: str, bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A fiftieth of the values, because measuring the memory takes long.
    for limits in (pod_templates, _budget):
        monkeypatch.setattr(limits, "MOST_VALUES", limits.MOST_VALUES // 50)
    assert "counting each use of a YAML alias" in outcome(name, BOMBS[bomb])


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("text", SELVES)
def test_value_that_contains_itself_is_refused(name: str, text: str) -> None:
    words = "A YAML alias probably refers to itself"
    assert words in outcome(name, SELVES[text])
    parsed = list(yaml.safe_load_all(SELVES[text]))
    assert words in (message := outcome(name, parsed)) or "It probably contains itself" in message


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("text", DEEP)
def test_deep_text_is_refused(name: str, text: str) -> None:
    # With the parser in C, or with the one in Python.
    message = outcome(name, DEEP[text])
    assert "levels" in message or "nesting depth" in message or "recursion" in message


def test_deep_results_are_refused() -> None:
    value: Any = {"kind": "X"}
    for _level in range(1000):
        value = {"results": [value]}
    for name in FILTERS:
        assert "the value has more than 50 levels" in outcome(name, value)


@pytest.mark.parametrize("tag", TAGS)
def test_tag_constructs_no_object(tag: str) -> None:
    for name in FILTERS:
        assert "not valid YAML" in outcome(name, f"kind: X\na: {tag}\n")


class OldLoader(documents.ManifestLoader):
    """The loader with a PyYAML before version 6.0.4."""

    def flatten_mapping(self, node: Any) -> None:
        """Replace the merge keys by all values that they copy, also by the same ones again."""
        with mock.patch.object(documents.SafeLoader, "flatten_mapping", flatten_as_before):
            super().flatten_mapping(node)


def flatten_as_before(loader: Any, node: Any) -> None:
    merged = []
    for key, value in [pair for pair in node.value if pair[0].tag == documents.MERGE]:
        sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
        node.value.remove((key, value))
        for source in sources:
            loader.flatten_mapping(source)
            merged += source.value
    node.value = merged + node.value


def test_merge_keys_that_explode_are_refused() -> None:
    bomb = aliases("{a: 1}", lambda n: f"{{<<: [{','.join([f'*v{n}'] * 5)}], b{n}: 1}}", 20)
    with mock.patch.object(documents, "ManifestLoader", OldLoader):
        assert "merge keys copy more than 100000 values, line" in outcome("pod_images", bomb)
        assert outcome("pod_images", HEAD + POD + "a: &a {x: 1}\nb: {<<: *a, y: 1}\n") == ""
    outcome("pod_images", bomb)


def test_merge_keys_copy_the_values() -> None:
    text = (
        HEAD
        + "x: &c {image: 'a:1'}\ny: &d {name: z}\nspec: {containers: [{<<: [*c, *d], name: b}, {<<: *d, image: 'b:1'}]}"
    )
    assert pod_images(text) == ["a:1", "b:1"]


def test_mapping_that_merges_itself_is_no_endless_loop() -> None:
    assert outcome("pod_images", "kind: X\na: &a {<<: *a, b: 1}\n") == ""


@pytest.mark.parametrize("text", HUGE)
def test_huge_text_gives_a_result_or_a_short_error(text: str) -> None:
    # It reads manifests as the other filters do, and names their workloads.
    outcome("workload_image_caches", HUGE[text])


@pytest.mark.parametrize(
    "line",
    ["1: x", "1.5: x", "true: x", "~: x", "2026-01-01: x", "? [a]\n: x", "? {a: 1}\n: x", "0x10: x", ".nan: x", "=: x"],
)
def test_key_that_is_no_text_is_kept_or_refused(line: str) -> None:
    text = HEAD + POD + f"{line}\nspec2:\n  {line.replace(chr(10), chr(10) + '  ')}\n"
    message = outcome("pod_images", text)
    assert message == "" or "unhashable key" in message
    assert message or pod_images(text) == ["a:1"]


@pytest.mark.parametrize("read", [as_declarations, image_cache_report], ids=["as_declarations", "image_cache_report"])
def test_listing_of_a_billion_lists_is_refused(read: Callable[[Any], Any]) -> None:
    listing: Any = {"image_caches": []}
    for _level in range(30):
        listing = [listing] * 10
    with pytest.raises(AnsibleFilterError, match="the value contains more than 200000 lists and results"):
        read(listing)

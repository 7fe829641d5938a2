# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests are read from all inputs, and YAML has the types that Kubernetes gives it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.tencentcloud.tke.plugins.plugin_utils._workloads.documents import (
    InvalidManifest,
    is_single,
    read_manifests,
)
from unit.support.manifests import workload

A, B = {"kind": "A"}, {"kind": "B"}


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        (A, ["the input"]),
        ([A, B], ["item 1", "item 2"]),
        ((A,), ["item 1"]),
        ([A, None, [B]], ["item 1", "item 3, item 1"]),
        ("kind: A", ["document 1"]),
        ("kind: A\n---\nkind: B\n", ["document 1", "document 2"]),
        ("---\n# Source: a.yaml\n---\nkind: A\n---\n---\nkind: B\n...\n", ["document 2", "document 4"]),
        ("- kind: A\n- kind: B\n", ["document 1, item 1", "document 1, item 2"]),
        ("- - kind: A", ["document 1, item 1, item 1"]),
        ('{"kind": "A"}', ["document 1"]),
        (["kind: A\n---\nkind: B", B], ["item 1, document 1", "item 1, document 2", "item 2"]),
        ({"resources": [A, B], "failed": False, "changed": False}, ["resources, item 1", "resources, item 2"]),
        ({"results": [{"resources": [A]}, {"resources": []}]}, ["results, item 1, resources, item 1"]),
        ({"results": ["kind: A"]}, ["results, item 1, document 1"]),
        ("", []),
        ("---\n", []),
        ("# Nothing\n", []),
        ([], []),
    ],
)
def test_input_of_each_form_gives_its_manifests(given: Any, labels: list[str]) -> None:
    manifests = read_manifests(given)
    assert [manifest.label for manifest in manifests] == labels
    assert all(manifest.body in (A, B) for manifest in manifests)


def test_only_a_manifest_is_single() -> None:
    assert is_single(A)
    assert is_single({"kind": "List", "items": [A]})
    for several in ([A], "kind: A", {"resources": [A]}, None):
        assert not is_single(several)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "the manifests are null."),
        (7, "the input is not a Kubernetes manifest but a number."),
        (True, "the input is not a Kubernetes manifest but true or false."),
        ([A, 7.5], "item 2 is not a Kubernetes manifest but a number."),
        ({1}, "the input is not a Kubernetes manifest but a value of another type."),
        (
            "/etc/web.yml",
            "document 1 is not a Kubernetes manifest but the text '/etc/web.yml'. To read manifests from a file, use"
            " lookup('ansible.builtin.file', path).",
        ),
        ("kind: A\n---\n- 7", "document 2, item 1 is not a Kubernetes manifest but a number."),
        ("a: 1", "document 1 is not a Kubernetes manifest: it has no kind."),
        ("kind: 7", "document 1 is not a Kubernetes manifest: it has no kind."),
        ({"kind": None}, "the input is not a Kubernetes manifest: it has no kind."),
        ({}, "the input is not a Kubernetes manifest: it has no kind."),
        (
            {"stdout": "kind: A", "rc": 0},
            "the input is not a Kubernetes manifest: it has no kind. Use the stdout of a command instead of its"
            " result.",
        ),
        ({"failed": True, "msg": "No."}, "the task that returned this result failed: No."),
        (
            {"results": [{"resources": [A]}, {"failed": True, "msg": "No."}]},
            "results, item 2, the task that returned this result failed: No.",
        ),
    ],
)
def test_other_input_is_refused(given: Any, message: str) -> None:
    with pytest.raises(InvalidManifest) as raised:
        read_manifests(given)
    assert str(raised.value) == message


UNRENDERED = (
    " It contains a template that was not rendered. Render the manifests first, for example with helm template."
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b: c", "document 1 is not valid YAML: mapping values are not allowed in this context, line 1."),
        ("kind: A\n---\nkind: B\n\tx: 1", "document 2 (kind B) is not valid YAML: found "),
        (
            "kind: A\nx: {{ .Values.x }}",
            "document 1 (kind A) is not valid YAML: found unhashable key, line 2." + UNRENDERED,
        ),
        (
            "# Helm\n---\nkind: A\n---\nkind: Deployment\nspec:\n{{- if .Values.x }}\n  a: b\n{{- end }}\n---\nkind: B",
            "document 2 (kind Deployment) is not valid YAML: could not find expected ':', line 8." + UNRENDERED,
        ),
        # A template in another document has nothing to do with the problem.
        ("kind: A\nx: '{{ y }}'\n---\na: b: c\n---\nx: '{{ y }}'", "document 2 is not valid YAML: mapping values"),
        ("kind: A\na: \x00", "the text is not valid YAML: unacceptable character"),
        ("kind: A\nx: " + "[" * 9999, "document 1 (kind A) is not valid YAML: "),
        ("kind: A\nx: *unknown", "document 1 (kind A) is not valid YAML: "),
    ],
)
def test_invalid_yaml_is_refused_with_number_and_kind_of_the_document(text: str, message: str) -> None:
    with pytest.raises(InvalidManifest) as raised:
        read_manifests(text)
    assert str(raised.value).startswith(message)
    assert str(raised.value).endswith(UNRENDERED) is message.endswith(UNRENDERED)


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("2026-01-01", "2026-01-01"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("22:22", "22:22"),
        ("1:2:3.5", "1:2:3.5"),
        ("=", "="),
        ("500m", "500m"),
        ("1Gi", "1Gi"),
        ("0o644", "0o644"),
        ("1.27.3", "1.27.3"),
        ("80", 80),
        ("0644", 420),
        ("-1.5", -1.5),
        ("yes", True),
        ("~", None),
        ("", None),
    ],
)
def test_scalar_has_the_type_of_kubernetes(scalar: str, value: Any) -> None:
    ((manifest),) = read_manifests(f"kind: A\nvalue: {scalar}\n")
    assert manifest.body["value"] == value
    assert type(manifest.body["value"]) is type(value)


def test_loader_of_ansible_keeps_its_own_types() -> None:
    assert yaml.safe_load("22:22") == 1342


@pytest.mark.parametrize("text", ["&a [*a]", "- &a [*a, *a]", "[[[[{kind: A}]]]]"])
def test_lists_in_too_many_lists_are_refused(text: str) -> None:
    with pytest.raises(InvalidManifest, match=r"document 1(, item 1){3} is in more than 3 lists\."):
        read_manifests(text)


def test_anchors_and_merge_keys_are_resolved() -> None:
    text = "kind: A\nbase: &base {a: 1, b: 2}\nuse: {<<: *base, b: 3}\nagain: *base\n"
    ((manifest),) = read_manifests(text)
    assert manifest.body == {"kind": "A", "base": {"a": 1, "b": 2}, "use": {"a": 1, "b": 3}, "again": {"a": 1, "b": 2}}


def test_manifests_that_yaml_has_written_are_read_back() -> None:
    given = [workload("nginx:1"), workload("redis:7", kind="CronJob")]
    text = yaml.safe_dump_all(given)
    assert [manifest.body for manifest in read_manifests(text)] == given


@pytest.mark.parametrize(
    "wrap",
    [lambda value: [value], lambda value: {"results": [value]}, lambda value: {"resources": [value]}],
    ids=["list", "results", "resources"],
)
def test_input_may_have_fifty_levels(wrap: Any) -> None:
    # A list inside a result is a level of its own.
    each = 1 if isinstance(wrap(A), list) else 2
    value: Any = A
    for _time in range(50 // each):
        value = wrap(value)
    assert [manifest.body for manifest in read_manifests(value)] == [A]
    for deeper in (wrap(value), [value]):
        with pytest.raises(InvalidManifest, match=r"^the value has more than 50 levels\."):
            read_manifests(deeper)


@pytest.mark.parametrize("text", ["a: !!bool x", "a: !!float ''", "a: !!timestamp x", "a: !!int ''"])
def test_value_that_does_not_fit_its_tag_is_refused(text: str) -> None:
    with pytest.raises(InvalidManifest) as raised:
        read_manifests([text])
    assert str(raised.value) == "item 1, the text is not valid YAML: a value does not fit its tag."

# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The input that the filters for Kubernetes manifests share."""

from __future__ import annotations


class ModuleDocFragment:
    """The fragment M(tencentcloud.tke.manifests)."""

    DOCUMENTATION = r"""
options:
  _input:
    description:
      - Kubernetes manifests, in one of the following forms.
      - One manifest. It can be a C(List).
      - A list of manifests.
      - A result of M(kubernetes.core.k8s_info).
      - A text with one or more YAML documents, for example the output of C(helm template) or C(kustomize build).
        Templates must be rendered.
    type: raw
    required: true
"""

# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.tencentcloud.tke.plugins.doc_fragments.connection import REQUESTS

NOTE = "\n      - "


def registry_options(credentials: str = "", password: str = "", hosts: str = "") -> str:
    """Return the options for registries. Each argument is a sentence to add to the options of that kind."""
    return f"""
  image_registry_credentials:
    description:
      - Credentials for image registries. Each entry requires C(server).{credentials and NOTE + credentials}
    type: list
    elements: dict
    suboptions:
      server:
        description:
          - Host of the registry, without a scheme.
        type: str
      username:
        description:
          - User name for the registry.
        type: str
      password:
        description:
          - Password for the registry.{password and " " + password}
        type: str
      name:
        description:
          - Name of the credentials.
        type: str
  registry_skip_verify_list:
    description:
      - Hosts of registries whose TLS certificates are not verified.{hosts and NOTE + hosts}
    type: list
    elements: str
  registry_http_end_point_list:
    description:
      - Hosts of registries that are accessed over plain HTTP.{hosts and NOTE + hosts}
    type: list
    elements: str
"""


ANONYMOUS = """Images of other registries are looked up anonymously. A password is sent only to its registry and, over
        HTTPS, to the token service that the registry names."""


class ModuleDocFragment:
    """The options of modules that only query registries."""

    DOCUMENTATION: str = f"""
options:
{registry_options(credentials=ANONYMOUS)}
{REQUESTS}
requirements:
  - requests
notes:
  - No credentials of Tencent Cloud are needed, read, or sent.
  - Proxies are read from the environment variables E(HTTPS_PROXY), E(HTTP_PROXY), and E(NO_PROXY). A registry on a
    loopback address is accessed without a proxy.
  - The module ignores C(.netrc) files and the credentials that Docker has stored. Redirects to another host are
    followed without credentials.
"""

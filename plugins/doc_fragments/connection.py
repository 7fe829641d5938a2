# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Options of every module for requests to the API and to registries.
REQUESTS = r"""
  api_timeout:
    description:
      - Timeout for a single request in seconds.
      - If not set, the environment variable E(TENCENTCLOUD_API_TIMEOUT) is used.
    type: float
    default: 30
  api_retries:
    description:
      - Maximum number of retries for a request.
      - A request is retried if it is throttled or if the connection fails. A request that only reads is also retried if
        the service fails.
      - If not set, the environment variable E(TENCENTCLOUD_API_RETRIES) is used.
    type: int
    default: 5
  validate_certs:
    description:
      - Whether to verify TLS certificates.
      - If not set, the environment variable E(TENCENTCLOUD_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - File or directory of CA certificates to trust instead of the default ones.
      - If not set, the environment variable E(TENCENTCLOUD_CA_PATH) is used.
    type: path
"""


class ModuleDocFragment:
    """The connection options of modules."""

    DOCUMENTATION: str = rf"""
options:
  secret_id:
    description:
      - Secret ID of an API key pair or of temporary credentials.
      - >-
        If O(secret_id) and O(secret_key) are not set, the module looks up credentials in this order: the environment
        variables E(TENCENTCLOUD_SECRET_ID) and E(TENCENTCLOUD_SECRET_KEY); the file
        C(~/.tccli/<profile>.credential), which C(tccli) writes; the section of the profile in
        C(~/.tencentcloud/credentials) or, if that file does not exist, in C(/etc/tencentcloud/credentials); the
        identity of the TKE Pod; the role that is bound to the instance.
      - An incomplete key pair, an unreadable file, or an unknown profile is an error.
    type: str
  secret_key:
    description:
      - Secret key that belongs to O(secret_id).
    type: str
  token:
    description:
      - Session token of temporary credentials.
      - The token is read from the same source as the key pair. In the environment, it is the first of
        E(TENCENTCLOUD_TOKEN), E(TENCENTCLOUD_SECURITY_TOKEN), and E(TENCENTCLOUD_SESSION_TOKEN) that is set.
    type: str
  profile:
    description:
      - Name of the profile to read stored credentials from. This option takes precedence over credentials in the
        environment.
      - If not set, the environment variable E(TENCENTCLOUD_PROFILE) is used, or else E(TCCLI_PROFILE), or else
        C(default).
    version_added: 1.0.0
    type: str
  role_arn:
    description:
      - ARN of a role to assume with the credentials, for example V(qcs::cam::uin/100000000001:roleName/deploy).
      - The temporary credentials of the role are renewed during long builds.
      - This option overrides a role in the credentials that C(tccli) has stored.
      - If not set, the environment variable E(TENCENTCLOUD_ROLE_ARN) is used.
    version_added: 1.0.0
    type: str
  role_session_name:
    description:
      - Session name that identifies the actions of the role in the audit log.
      - If not set, the environment variable E(TENCENTCLOUD_ROLE_SESSION_NAME) is used.
    version_added: 1.0.0
    type: str
    default: ansible-tencentcloud-tke
  role_duration:
    description:
      - Lifetime of the role's temporary credentials in seconds, at most 43200.
      - If not set, the environment variable E(TENCENTCLOUD_ROLE_DURATION) is used.
    version_added: 1.0.0
    type: int
    default: 7200
  role_external_id:
    description:
      - External ID that the role requires.
      - If not set, the environment variable E(TENCENTCLOUD_ROLE_EXTERNAL_ID) is used.
    version_added: 1.0.0
    type: str
  region:
    description:
      - Region to work in, for example V(ap-guangzhou).
      - If not set, the environment variable E(TENCENTCLOUD_REGION) is used, or else the region that C(tccli) has stored
        for the profile. One of them is required; there is no default region.
      - An empty string is rejected. An empty environment variable counts as not set.
    type: str
  sts_endpoint:
    description:
      - Endpoint of STS, in the same form as O(endpoint).
      - If not set, the environment variable E(TENCENTCLOUD_STS_ENDPOINT) is used, or else the endpoint that C(tccli)
        has stored for the profile, or else C(sts.tencentcloudapi.com).
    version_added: 1.0.0
    type: str
  metadata_endpoint:
    description:
      - Endpoint of the instance metadata service.
      - The module contacts it only if no other source provides credentials, or if the credentials that C(tccli) has
        stored are of the type C(cvm-role). It does not use a proxy for this and waits at most 2 seconds.
      - If not set, the environment variable E(TENCENTCLOUD_METADATA_ENDPOINT) is used.
    version_added: 1.0.0
    type: str
    default: http://metadata.tencentyun.com
  endpoint:
    description:
      - Endpoint of the TKE API, as a host, a host and port, or a URL.
      - Plain C(http) is accepted only for a loopback address.
      - If not set, the environment variable E(TENCENTCLOUD_TKE_ENDPOINT) is used.
    type: str
    default: tke.tencentcloudapi.com
  language:
    description:
      - Language of the API's messages.
      - If not set, the environment variable E(TENCENTCLOUD_LANGUAGE) is used.
    type: str
    choices: [en-US, zh-CN]
    default: en-US
{REQUESTS}
requirements:
  - requests
notes:
  - Proxies are read from the environment variables E(HTTPS_PROXY) and E(NO_PROXY). An O(endpoint) on a
    loopback address is accessed without a proxy.
  - The module ignores C(.netrc) files and does not follow redirects.
"""

# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The connection options, the same for every module of the collection."""

    DOCUMENTATION = r"""
options:
  secret_id:
    description:
      - The id of an API key pair, or of temporary keys.
      - Without O(secret_id) and O(secret_key), the environment variables E(TENCENTCLOUD_SECRET_ID) and
        E(TENCENTCLOUD_SECRET_KEY) are read. Half a pair is an error.
    type: str
  secret_key:
    description:
      - The key that belongs to O(secret_id).
    type: str
  token:
    description:
      - The token that belongs to temporary keys.
      - It is read from the same place as the keys. In the environment, the first set one of
        E(TENCENTCLOUD_TOKEN), E(TENCENTCLOUD_SECURITY_TOKEN) and E(TENCENTCLOUD_SESSION_TOKEN) counts.
    type: str
  region:
    description:
      - The region to work in, V(ap-guangzhou) for instance. It is required, here or in the environment, and never
        guessed.
      - If not given, the environment variable E(TENCENTCLOUD_REGION) is used.
    type: str
  endpoint:
    description:
      - Where the API is reached, as a host, a host and port, or a URL.
      - Plain C(http) is accepted only for a loopback address.
      - If not given, the environment variable E(TENCENTCLOUD_TKE_ENDPOINT) is used.
    type: str
    default: tke.tencentcloudapi.com
  language:
    description:
      - The language of the API's messages.
      - If not given, the environment variable E(TENCENTCLOUD_LANGUAGE) is used.
    type: str
    choices: [en-US, zh-CN]
    default: en-US
  api_timeout:
    description:
      - Seconds for one request.
      - If not given, the environment variable E(TENCENTCLOUD_API_TIMEOUT) is used.
    type: float
    default: 30
  api_retries:
    description:
      - How many further attempts follow the first one when a request is throttled, finds no connection, or, if it
        only reads, meets a failure of the service.
      - If not given, the environment variable E(TENCENTCLOUD_API_RETRIES) is used.
    type: int
    default: 5
  validate_certs:
    description:
      - Whether the certificate of O(endpoint) is verified.
      - If not given, the environment variable E(TENCENTCLOUD_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - A file or directory of certificates of authorities to trust in place of the usual ones.
      - If not given, the environment variable E(TENCENTCLOUD_CA_PATH) is used.
    type: path
requirements:
  - requests
notes:
  - Proxies are taken from the environment variables E(HTTPS_PROXY) and E(NO_PROXY), except for a loopback O(endpoint).
  - A C(.netrc) entry is not used, and a redirect is not followed.
"""

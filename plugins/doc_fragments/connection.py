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
      - Without O(secret_id) and O(secret_key), keys come from the first of these places that has some - the
        environment variables E(TENCENTCLOUD_SECRET_ID) and E(TENCENTCLOUD_SECRET_KEY); the login that C(tccli) has
        stored in C(~/.tccli/<profile>.credential); the section named after the profile in
        C(~/.tencentcloud/credentials), or else in C(/etc/tencentcloud/credentials); the identity of a Pod of TKE; the
        role that is bound to an instance.
      - Half a pair, a broken file and an unknown profile are errors.
    type: str
  secret_key:
    description:
      - The key that belongs to O(secret_id).
    type: str
  token:
    description:
      - The token that belongs to temporary keys.
      - It is read from the same place as the keys. In the environment, the first of
        E(TENCENTCLOUD_TOKEN), E(TENCENTCLOUD_SECURITY_TOKEN) and E(TENCENTCLOUD_SESSION_TOKEN) that is set counts.
    type: str
  profile:
    description:
      - Which stored login to read. Given here, it outranks keys in the environment.
      - If not given, the first of E(TENCENTCLOUD_PROFILE) and E(TCCLI_PROFILE) that is set counts, else it is
        C(default).
    version_added: 1.0.0
    type: str
  role_arn:
    description:
      - A role to assume with the keys that were found, V(qcs::cam::uin/100000000001:roleName/deploy) for instance.
        Its keys are renewed in time, however long a build takes.
      - It takes the place of a role that the stored login of C(tccli) names.
      - If not given, the environment variable E(TENCENTCLOUD_ROLE_ARN) is used.
    version_added: 1.0.0
    type: str
  role_session_name:
    description:
      - The name under which the audit log shows what is done in the role.
      - If not given, the environment variable E(TENCENTCLOUD_ROLE_SESSION_NAME) is used.
    version_added: 1.0.0
    type: str
    default: ansible-tencentcloud-tke
  role_duration:
    description:
      - For how many seconds the keys of the role are good, at most 43200.
      - If not given, the environment variable E(TENCENTCLOUD_ROLE_DURATION) is used.
    version_added: 1.0.0
    type: int
    default: 7200
  role_external_id:
    description:
      - The external id that the role asks for.
      - If not given, the environment variable E(TENCENTCLOUD_ROLE_EXTERNAL_ID) is used.
    version_added: 1.0.0
    type: str
  region:
    description:
      - The region to work in, V(ap-guangzhou) for instance. It is never guessed.
      - If not given, the environment variable E(TENCENTCLOUD_REGION) is used, else the region in the settings that
        C(tccli) has stored for the profile. One of them is required.
      - An empty string is refused. An empty environment variable counts as not set.
    type: str
  sts_endpoint:
    description:
      - Where STS is reached, in the same form as O(endpoint).
      - If not given, the environment variable E(TENCENTCLOUD_STS_ENDPOINT) is used, else what C(tccli) has stored for
        the profile, else C(sts.tencentcloudapi.com).
    version_added: 1.0.0
    type: str
  metadata_endpoint:
    description:
      - Where the metadata service of an instance is reached. It is asked only where no keys are nearer, without a
        proxy, and for at most 2 seconds.
      - If not given, the environment variable E(TENCENTCLOUD_METADATA_ENDPOINT) is used.
    version_added: 1.0.0
    type: str
    default: http://metadata.tencentyun.com
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
      - Whether the certificates of O(endpoint) and O(sts_endpoint) are verified.
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

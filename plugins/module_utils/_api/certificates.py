# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. TLS contexts that trust a bundle of CA certificates.

Loading the usual bundle takes 15 to 20 ms, and urllib3 does it again for each connection. Here, a bundle is loaded once
in each process and again only if its file has changed. A process that Ansible forks for a task inherits what is loaded.
"""

from __future__ import annotations

import contextlib
import functools
import os
import ssl
from typing import Mapping, Union

try:
    import requests.utils
    import urllib3.util.ssl_
except ImportError:
    # exchange.py reports the missing library before it is used.
    pass

__all__ = ["load_usual_bundle", "trusting_context"]

# The variables that select a bundle, the first one that is set: that of the option ca_path, and those of requests.
VARIABLES = ("TENCENTCLOUD_CA_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def trusting_context(bundle: Union[bool, str]) -> ssl.SSLContext:
    """Return a context that verifies certificates with a bundle: a file, a directory, or true for the default file.

    Raises OSError if it cannot be loaded.
    """
    path = bundle if isinstance(bundle, str) else str(requests.utils.DEFAULT_CA_BUNDLE_PATH)
    status = os.stat(path)
    return _load(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=16)
def _load(path: str, _modified: int, _size: int) -> ssl.SSLContext:
    context: ssl.SSLContext = urllib3.util.ssl_.create_urllib3_context()
    if os.path.isdir(path):
        context.load_verify_locations(capath=path)
    else:
        context.load_verify_locations(cafile=path)
    return context


def load_usual_bundle(environment: Mapping[str, str]) -> None:
    """Load the bundle that tasks use unless they set ca_path. The task that needs it reports a failure to load it."""
    bundle = next((environment[name] for name in VARIABLES if environment.get(name)), True)
    with contextlib.suppress(OSError, ValueError):
        trusting_context(bundle)

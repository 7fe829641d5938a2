# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real registry: Debian's docker-registry as a process of its own, on the loopback address.

Tokens for it come from the token service of the emulated registry, signed as docker-registry checks them.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import bcrypt
import trustme

from .registry import SERVICE_NAME, TOKEN_SERVICE, Registry
from .signed_tokens import TokenSigner

__all__ = ["DebianRegistry"]

ISSUER = "issuer.example"
LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")
START_SECONDS = 60


class DebianRegistry:
    """The registry of a C(binary), with its configuration, its log and its storage in a folder.

    C(auth) is C(none), C(basic), which is htpasswd, or C(token). An C(authority) makes it and the token service speak
    TLS. It notifies the C(endpoints), in the form of its configuration, of each push and each pull.
    """

    def __init__(
        self,
        binary: Path,
        folder: Path,
        auth: str = "none",
        *,
        authority: Optional[trustme.CA] = None,
        endpoints: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.auth = auth
        self._endpoints = list(endpoints)
        self.verify: Union[bool, str] = True
        self._binary, self._folder, self._authority = binary, folder, authority
        self._signer = TokenSigner(ISSUER, SERVICE_NAME)
        self._tokens = Registry("token", authority=authority, write_token=self._signer.write_token)
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._port = 0

    @property
    def username(self) -> str:
        """A user who may pull and push."""
        return self._tokens.username

    @property
    def password(self) -> str:
        """That user's password."""
        return self._tokens.password

    @property
    def scheme(self) -> str:
        """What it speaks."""
        return self._tokens.scheme

    @property
    def host(self) -> str:
        """Where image references say it is."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> DebianRegistry:
        """Begin to listen. Returns once connections are accepted."""
        self._folder.mkdir()
        if self.auth == "token":
            self._tokens.start()
        config = self._folder / "config.yml"
        # JSON is YAML.
        config.write_text(json.dumps(self._config()), encoding="utf-8")
        with (self._folder / "log").open("wb") as log:
            # Variables REGISTRY_* would change the configuration.
            self._process = subprocess.Popen([self._binary, "serve", config], stdout=log, stderr=log, env={})
        self._port = self._await_port(self._process)
        return self

    def stop(self) -> None:
        """Stop the process and the token service."""
        if self._process:
            self._process.terminate()
            self._process.wait(60)
        if self.auth == "token":
            self._tokens.stop()

    def _await_port(self, process: subprocess.Popen[bytes]) -> int:
        ends = time.monotonic() + START_SECONDS
        while time.monotonic() < ends and process.poll() is None:
            listening = LISTENING.search((self._folder / "log").read_text(encoding="utf-8"))
            if listening:
                return int(listening[1])
            time.sleep(0.02)
        self.stop()
        raise OSError(f"docker-registry does not listen: {(self._folder / 'log').read_text(encoding='utf-8')}")

    def _config(self) -> dict[str, Any]:
        auths = {"none": dict, "basic": self._htpasswd, "token": self._token}
        return {
            "version": "0.1",
            "log": {"accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(self._folder / "storage")}},
            # Port 0 is a free one; the log says which.
            "http": {"addr": "127.0.0.1:0", **self._tls()},
            "auth": auths[self.auth](),
            "notifications": {"endpoints": self._endpoints},
        }

    def _htpasswd(self) -> dict[str, Any]:
        path = self._folder / "htpasswd"
        # The least rounds there are: each request is checked anew.
        hashed = bcrypt.hashpw(self.password.encode(), bcrypt.gensalt(4)).decode()
        path.write_text(f"{self.username}:{hashed}\n", encoding="utf-8")
        return {"htpasswd": {"realm": "A registry", "path": str(path)}}

    def _token(self) -> dict[str, Any]:
        path = self._folder / "issuers.pem"
        self._signer.authority.cert_pem.write_to_path(str(path))
        realm = f"{self._tokens.url(TOKEN_SERVICE)}/token"
        return {
            "token": {"realm": realm, "service": SERVICE_NAME, "issuer": ISSUER, "rootcertbundle": str(path)},
        }

    def _tls(self) -> dict[str, Any]:
        if self._authority is None:
            return {}
        path = self._folder / "tls.pem"
        self._authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(path))
        return {"tls": {"certificate": str(path), "key": str(path)}}

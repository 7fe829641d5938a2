# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP server of the emulator: requests, keys, answers, scripted faults, and a record of all requests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Optional

from aiohttp import web

from . import faults as kinds
from . import vendor
from .errors import ApiProblem
from .faults import Fault
from .identity import IdentityService
from .service import ImageCacheService, Settings, monotonic_unix_time

MAX_BODY_BYTES = 10 * 1024 * 1024
DEFAULT_REGION = "ap-guangzhou"
CHINESE = {
    "AuthFailure.SecretIdNotFound": "密钥不存在。",
    "AuthFailure.SignatureFailure": "签名错误。",
    "InvalidParameter": "参数错误。",
    "RequestLimitExceeded": "请求的次数超过了频率限制。",
    "ResourceNotFound": "资源不存在。",
}


@dataclass(frozen=True)
class ReceivedRequest:
    """A received request, with the error code of its answer (None for success or no answer)."""

    action: str
    region: str
    parameters: Any
    headers: Mapping[str, str]
    at: float
    code: Optional[str]


class Emulator:
    """Serves the API on a port of the loopback address, in a thread of its own.

    C(keys) maps each secret id to its secret key and its token, which is None for a permanent key. C(now) returns the
    Unix time of the service, for tests in virtual time.
    """

    def __init__(
        self,
        settings: Optional[Settings] = None,
        port: int = 0,
        ssl_context: Optional[ssl.SSLContext] = None,
        now: Optional[Callable[[], float]] = None,
    ) -> None:
        self.settings, self._ssl_context = settings or Settings(), ssl_context
        self._now, self._service_now = now or time.time, now or monotonic_unix_time
        self.secret_id, self.secret_key = "AKIDemulatorEXAMPLE", "emulatorSecretKeyEXAMPLE"
        self.keys: dict[str, tuple[str, Optional[str]]] = {self.secret_id: (self.secret_key, None)}
        self.identity = IdentityService(self._now)
        # The paths requested from the metadata service.
        self.metadata_paths: list[str] = []
        self.regions: dict[str, ImageCacheService] = {}
        self.received: list[ReceivedRequest] = []
        self.faults: list[Fault] = []
        # Called with "before" or "after" and the action, before and after the service executes a call.
        self.watch: Callable[[str, str], None] = lambda moment, action: None
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._started = threading.Event()
        # The reason why the server cannot listen.
        self._listen_error = ""
        self._thread = threading.Thread(target=self._serve, name="tke-emulator", daemon=True)
        self._server: Optional[web.Server] = None

    @property
    def endpoint(self) -> str:
        """The address for TENCENTCLOUD_TKE_ENDPOINT."""
        return f"https://localhost:{self.port}" if self._ssl_context else f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._server.connections) if self._server else 0

    def restart(self) -> Emulator:
        """Return a started emulator on the same port, with the state of this one, which has been stopped."""
        successor = Emulator(self.settings, self.port, self._ssl_context, self._now)
        successor._service_now = self._service_now
        for name in ("keys", "identity", "metadata_paths", "regions", "received", "faults", "watch"):
            setattr(successor, name, getattr(self, name))
        return successor.start()

    def environment(self) -> dict[str, str]:
        """Return the variables that make clients of the collection use this emulator."""
        return {
            "TENCENTCLOUD_SECRET_ID": self.secret_id,
            "TENCENTCLOUD_SECRET_KEY": self.secret_key,
            "TENCENTCLOUD_REGION": DEFAULT_REGION,
            "TENCENTCLOUD_TKE_ENDPOINT": self.endpoint,
        }

    def region(self, name: str = DEFAULT_REGION) -> ImageCacheService:
        """Return the caches of a region."""
        # Each region has its own seed, so ids differ between regions.
        return self.regions.setdefault(name, ImageCacheService(self.settings, self._service_now, name))

    def calls(self) -> list[str]:
        """Return the actions of all received requests, in order."""
        return [received.action for received in self.received]

    def start(self) -> Emulator:
        """Start to listen, and return when connections are accepted. Raises OSError if that fails."""
        self._thread.start()
        self._started.wait(60)
        if self._listen_error or self.port <= 0:
            raise OSError(f"cannot listen on port {self.port} of 127.0.0.1: {self._listen_error or 'not within 60 s'}")
        return self

    def stop(self) -> None:
        """Stop listening, and wait for the end of the thread."""
        # The loop may be closed already.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)

    def _serve(self) -> None:
        # At its end the runner cancels requests that are not answered yet.
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        application = web.Application(client_max_size=MAX_BODY_BYTES)
        application.router.add_post("/", self._answer)
        application.router.add_get("/{path:.*}", self._answer_metadata)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        self._server = runner.server
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port, ssl_context=self._ssl_context).start()
            self.port = runner.addresses[0][1]
        except OverflowError:
            self._listen_error = "the number must be between 0 and 65535"
        except OSError as error:
            self._listen_error = os.strerror(error.errno) if error.errno else str(error)
        finally:
            self._started.set()
        if not self._listen_error:
            await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.settings.latency)
        action, body = request.headers.get("X-TC-Action", ""), await request.read()
        fault = next(iter(self._matching_faults(action, request.headers.get("X-TC-Region", ""))), None)
        self.watch("before", action)
        response, code = {"RequestId": str(uuid.uuid4())}, None
        if fault is None or fault.acts:
            code = self._execute(request, action, body, response)
        self._record(request, action, body, code)
        self.watch("after", action)
        if fault is not None:
            return await self._apply_fault(request, fault, response)
        return _json_response(response)

    async def _answer_metadata(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.metadata_paths.append(path)
        text = self.identity.metadata(path)
        return web.Response(status=404) if text is None else web.Response(text=text)

    def _matching_faults(self, action: str, region: str) -> list[Fault]:
        # Every fault counts every call, also a call that another fault applies to.
        return [fault for fault in self.faults if fault.matches(action, region)]

    def _execute(self, request: web.Request, action: str, body: bytes, response: dict[str, Any]) -> Optional[str]:
        try:
            parameters = self._check_request(request, action, body)
            region = self.region(request.headers["X-TC-Region"])
            region.limit_rate(action)
            if action in vendor.STS.actions:
                caller = vendor.secret_id_of(request.headers)
                response.update(self.identity.call(action, parameters, caller))
            else:
                response.update(region.call(action, parameters))
        except ApiProblem as problem:
            chinese = request.headers.get("X-TC-Language", "zh-CN") == "zh-CN"
            message = CHINESE.get(problem.code, problem.message) if chinese else problem.message
            response["Error"] = {"Code": problem.code, "Message": message}
            return problem.code
        return None

    def _check_request(self, request: web.Request, action: str, body: bytes) -> Any:
        """Check a request as the API does, and return its parameters. Raises ApiProblem."""
        headers, product = request.headers, vendor.product_of(action)
        if action not in vendor.UNSIGNED_ACTIONS:
            self._check_keys(headers, body, product)
        elif headers.get("Authorization") != "SKIP":
            raise ApiProblem("AuthFailure.InvalidAuthorization", "The Authorization header is malformed.")
        if headers.get("X-TC-Version") != product.version:
            raise ApiProblem("NoSuchVersion", "The version does not exist.")
        region = headers.get("X-TC-Region")
        if not region:
            raise ApiProblem("MissingParameter", "The request is missing the parameter `Region`.")
        if region not in vendor.REGIONS:
            raise ApiProblem("UnsupportedRegion", f"The region {region} is not supported.")
        try:
            parameters = json.loads(body)
        except ValueError:
            raise ApiProblem("InvalidParameter", "The body is no JSON.") from None
        vendor.check_parameters(action, parameters)
        return parameters

    def _check_keys(self, headers: Mapping[str, str], body: bytes, product: vendor.Product) -> None:
        secret_id = vendor.secret_id_of(headers)
        session = self.identity.sessions.get(secret_id)
        if session is not None and session.ends <= self._now():
            raise ApiProblem("AuthFailure.TokenFailure", "The temporary keys have expired.")
        if session is None and secret_id not in self.keys:
            raise ApiProblem("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
        secret_key, token = (session.secret_key, session.token) if session else self.keys[secret_id]
        vendor.check_signature(headers, body, secret_key, product.name, self._now())
        if headers.get("X-TC-Token") != token:
            raise ApiProblem("AuthFailure.TokenFailure", "The token is wrong.")

    def _record(self, request: web.Request, action: str, body: bytes, code: Optional[str]) -> None:
        try:
            parameters = json.loads(body)
        except ValueError:
            parameters = None
        region = request.headers.get("X-TC-Region", "")
        headers = dict(request.headers)
        self.received.append(ReceivedRequest(action, region, parameters, headers, time.monotonic(), code))

    async def _apply_fault(self, request: web.Request, fault: Fault, response: dict[str, Any]) -> web.StreamResponse:
        if fault.kind in (kinds.LOST_REQUEST, kinds.LOST_ANSWER):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if fault.kind == kinds.SLOW:
            await asyncio.sleep(fault.seconds)
        while fault.kind == kinds.SIMULTANEOUS and not fault.is_over:
            await asyncio.sleep(0.01)
        if fault.kind == kinds.PAGE:
            headers = {"Content-Type": "text/html", **fault.headers}
            return web.Response(status=fault.status, body=fault.body, headers=headers)
        if fault.kind == kinds.GARBLED:
            return web.Response(body=fault.body, headers={"Content-Type": "application/json", **fault.headers})
        if fault.kind == kinds.ERROR:
            response["Error"] = {"Code": fault.code, "Message": fault.message}
        if fault.kind == kinds.LIE:
            assert fault.change is not None
            response = fault.change(response)
        return _json_response(response, fault.headers)


def _json_response(response: Any, headers: Optional[Mapping[str, str]] = None) -> web.Response:
    # The Content-Type must have no charset; otherwise the vendor's SDK does not check for an error.
    return web.Response(
        body=json.dumps({"Response": response}, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )

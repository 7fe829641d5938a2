# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises of the README, tested with the real ansible-playbook on a server with scripted faults."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from emulator import REGIONS, BuildFailure, Emulator, Fault

from .caches import CREATE, DELETE, LIST, UPDATE, create_cache, reported_actions
from .controller import MODULE, WEB, Controller
from .processes import ModuleProcesses

pytestmark = pytest.mark.waiting

CANARIES = {
    "secret_key": "canary-secret-key-Zq8",
    "token": "canary-token-Xw7",
    "password": "canary-registry-pass-Vy6",
}


class TestExactlyOnce:
    def test_create_with_lost_answer_is_found_and_not_repeated(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        emulator.faults.append(Fault.lost_answer(CREATE))
        run = controller.web()
        assert run.status == 0, run.output
        assert emulator.calls()[:3] == [LIST, CREATE, LIST]
        assert emulator.calls().count(CREATE) == 1
        assert len(emulator.region().caches) == 1
        assert run.result["actions"][0]["image_cache_id"] == next(iter(emulator.region().caches))
        assert run.result["actions"][0]["request_id"] is None

    def test_create_with_lost_request_is_repeated_after_ten_seconds(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        emulator.faults.append(Fault.lost_request(CREATE))
        run = controller.web()
        assert run.status == 0, run.output
        creates = [request.at for request in emulator.received if request.action == CREATE]
        assert len(creates) == 2
        assert creates[1] - creates[0] >= 10
        first = emulator.calls().index(CREATE)
        assert emulator.calls()[first + 1 : first + 7] == [LIST] * 5 + [CREATE]
        assert len(emulator.region().caches) == 1

    @pytest.mark.parametrize(
        "fault",
        [
            Fault.error("InternalError", CREATE, acts=True),
            Fault.page(502, CREATE, acts=True),
            Fault.page(504, CREATE, acts=True),
            Fault.garbled(b'{"Response": {"ImageCac', CREATE, acts=True),
            Fault.lie(lambda response: {"RequestId": response["RequestId"]}, CREATE),
            Fault.slow_answer(3, CREATE),
        ],
        ids=["InternalError", "502", "504", "cut off", "no id", "slower than the timeout"],
    )
    def test_create_with_unclear_answer_is_not_repeated(
        self, emulator: Emulator, processes: ModuleProcesses, fault: Fault
    ) -> None:
        fault.seen = 0
        emulator.faults.append(fault)
        run = processes.web(api_timeout=1.5)
        assert run.status == 0, run.output
        assert emulator.calls().count(CREATE) == 1
        assert len(emulator.region().caches) == 1

    def test_create_that_is_listed_late_leaves_one_cache(self, emulator: Emulator, controller: Controller) -> None:
        # The listing hides the first cache until the second one exists.
        def hide_first_cache(response: dict[str, Any]) -> dict[str, Any]:
            if len(emulator.region().caches) > 1:
                return response
            return {**response, "TotalCount": 0, "ImageCaches": []}

        emulator.faults += [Fault.lost_answer(CREATE), Fault.lie(hide_first_cache, LIST, times=7)]
        run = controller.web()
        assert run.status == 0, run.output
        assert emulator.calls().count(CREATE) == 2
        assert len(emulator.region().caches) == 1
        assert run.result["image_cache_id"] == next(iter(emulator.region().caches))
        assert run.result["image_cache"]["status"] == "Ready"

    @pytest.mark.parametrize(
        "fault", [Fault.lost_answer(UPDATE), Fault.lost_request(UPDATE)], ids=["executed", "not executed"]
    )
    def test_update_with_unclear_answer_is_looked_up_before_a_retry(
        self, emulator: Emulator, processes: ModuleProcesses, fault: Fault
    ) -> None:
        create_cache(emulator)
        emulator.faults.append(fault)
        run = processes.web(retention_days=5)
        assert run.status == 0, run.output
        assert reported_actions(run) == [("update", ["retention_days"])]
        assert emulator.calls().count(UPDATE) == (1 if fault.acts else 2)
        assert run.result["image_cache"]["retention_days"] == 5

    @pytest.mark.parametrize(
        "fault", [Fault.lost_answer(DELETE), Fault.lost_request(DELETE)], ids=["executed", "not executed"]
    )
    def test_delete_with_unclear_answer_is_looked_up_before_a_retry(
        self, emulator: Emulator, processes: ModuleProcesses, fault: Fault
    ) -> None:
        create_cache(emulator)
        emulator.faults.append(fault)
        run = processes.task(name="web", state="absent")
        assert run.status == 0, run.output
        assert emulator.calls().count(DELETE) == (1 if fault.acts else 2)
        assert emulator.region().caches == {}


def test_check_mode_sends_no_write(emulator: Emulator, controller: Controller) -> None:
    create_cache(emulator, ImageCacheName="old")
    emulator.settings.failures = [BuildFailure("broken")]
    create_cache(emulator, ImageCacheName="broken", Images=["broken:1"])
    run = controller.play(
        {MODULE: WEB},
        {MODULE: {**WEB, "name": "old", "images": ["nginx:3"], "retention_days": 2}},
        {MODULE: {"name": "old", "state": "absent"}},
        {MODULE: {**WEB, "name": "broken"}, "ignore_errors": True},
        arguments=("--check", "--diff"),
    )
    assert len(run.results) == 4
    assert set(emulator.calls()) == {LIST}


class TestSecrets:
    def options_with_canaries(self, controller: Controller, **options: Any) -> dict[str, Any]:
        keys = {name: CANARIES[name] for name in ("secret_key", "token")}
        controller.emulator.keys["AKIDcanary"] = (CANARIES["secret_key"], CANARIES["token"])
        credentials = [{"server": "h.example.com", "username": "u", "password": CANARIES["password"]}]
        return {**WEB, "secret_id": "AKIDcanary", **keys, "image_registry_credentials": credentials, **options}

    def test_no_secret_is_in_output_at_any_verbosity(
        self, emulator: Emulator, controller: Controller, tmp_path: Path
    ) -> None:
        def echo_secrets(response: dict[str, Any]) -> dict[str, Any]:
            sent = emulator.received[-1].headers
            message = f"{sent['Authorization']} {CANARIES['token']} {CANARIES['password']} {CANARIES['secret_key']}"
            return {**response, "Error": {"Code": "FailedOperation", "Message": message}}

        emulator.settings.build_looks = 2
        emulator.faults.append(Fault.lie(echo_secrets, LIST, nth=12))
        options = self.options_with_canaries(controller)
        failing = Fault.garbled(f"<p>{' '.join(CANARIES.values())}</p>".encode(), LIST, times=99)
        # The values come from a variables file because Ansible prints the source of a task that fails.
        (tmp_path / "variables.yml").write_text(f"canary: {options!r}", encoding="utf-8")
        task = {MODULE: {name: "{{ canary." + name + " }}" for name in options}}
        run = controller.play(
            task,
            {**task, "check_mode": True},
            {MODULE: {**task[MODULE], "tags": {"a": "b"}}},
            {MODULE: {**task[MODULE], "vpc_id": ""}, "ignore_errors": True},
            {MODULE: {**task[MODULE], "nonsense": 1}, "ignore_errors": True},
            *({**task, "ignore_errors": True} for _again in range(6)),
            arguments=("-vvvv", "--diff", "-e", f"@{tmp_path / 'variables.yml'}"),
        )
        assert [result["failed"] for result in run.results[:3]] == [False] * 3, run.output
        emulator.faults = [failing]
        run_of_failures = controller.play(task, arguments=("-vvvv", "-e", f"@{tmp_path / 'variables.yml'}"))
        assert run_of_failures.status != 0
        everything = run.output + run_of_failures.output + str(run.results) + str(run_of_failures.results)
        assert "not an API response" in everything
        for name, canary in CANARIES.items():
            assert canary not in everything, name
        assert "Signature=" not in everything

    def test_password_in_a_listing_is_in_no_result(self, emulator: Emulator, controller: Controller) -> None:
        create_cache(
            emulator,
            ImageRegistryCredentials=[{"Server": "h.example.com", "Username": "u", "Password": CANARIES["password"]}],
        )
        run = controller.web("-vvvv", "--diff", retention_days=3)
        assert run.result["image_cache"]["image_registry_credentials"][0]["server"] == "h.example.com"
        assert CANARIES["password"] not in run.output + str(run.results)

    def test_secret_key_from_the_environment_is_masked(self, emulator: Emulator, controller: Controller) -> None:
        emulator.faults.append(Fault.error("FailedOperation", LIST, message=f"key {emulator.secret_key}!"))
        run = controller.web("-vvvv")
        assert run.result["error"]["message"] == "key ********!"
        assert emulator.secret_key not in run.output


class TestNoTracebacks:
    FAULTS = (
        (Fault.page(502, LIST, times=99), "GatewayFailure", "HTTP status 502 instead of an API response"),
        (Fault.page(403, LIST), "GatewayError", "HTTP status 403"),
        (
            Fault.page(302, LIST, headers={"Location": "http://127.0.0.1:9/"}),
            "GatewayError",
            "HTTP status 302 is a redirect",
        ),
        (Fault.page(307, LIST, headers={"Location": "/"}), "GatewayError", "which signed requests do not follow"),
        (Fault.garbled(b"", LIST, times=99), "MalformedAnswer", "an empty body"),
        (Fault.garbled(b"[" * 100000, LIST, times=99), "MalformedAnswer", "not an API response"),
        (Fault.garbled(b"\xff\xfe\x00", LIST, times=99), "MalformedAnswer", "not an API response"),
        (Fault.garbled(b'{"Response": []}', LIST, times=99), "MalformedAnswer", "not an API response"),
        (
            Fault.garbled(b'{"Response": {"Error": "x"}}', LIST, times=99),
            "MalformedAnswer",
            "the response has an error without a code",
        ),
        (
            Fault.garbled(b'{"code": 4000, "codeDesc": "InvalidParameter", "message": "old"}', LIST),
            "InvalidParameter",
            "old",
        ),
        (
            Fault.lie(lambda r: {**r, "ImageCaches": None, "TotalCount": 3}, LIST, times=99),
            "MalformedAnswer",
            "the response has no valid ImageCaches",
        ),
        (Fault.lie(lambda r: {**r, "TotalCount": "1"}, LIST, times=99), "MalformedAnswer", "or TotalCount"),
        (
            Fault.lie(lambda r: {**r, "ImageCaches": [{}]}, LIST, times=99),
            "MalformedAnswer",
            "the response has no valid ImageCaches",
        ),
        (Fault.lost_request(LIST, times=99), "NoAnswer", "was lost before the response was complete"),
        (Fault.slow_answer(3, LIST, times=99), "NoAnswer", "did not answer within 2 s"),
        (Fault.error("ResourceNotFound", LIST), "ResourceNotFound", "it was deleted in the meantime"),
        (
            Fault.error("AuthFailure.SignatureExpire", LIST),
            "AuthFailure.SignatureExpire",
            "Synchronize the clock with NTP",
        ),
        (Fault.error("FailedOperation.Anything", LIST), "FailedOperation.Anything", "An internal error"),
        (Fault.error("InternalError.InsufficientBalance", LIST), "InternalError.InsufficientBalance", "balance"),
        (Fault.error("ResourcesSoldOut", LIST), "ResourcesSoldOut", "a subnet in another zone"),
        (Fault.error("UnsupportedRegion", LIST), "UnsupportedRegion", "Check region"),
    )

    def test_every_failure_has_a_code_and_a_message(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        for fault, code, expected in self.FAULTS:
            fault.seen, emulator.faults = 0, [fault]
            result = processes.web(api_retries=1, api_timeout=2).result
            assert result["failed"] is True, result
            assert result["error"]["code"] == code, result["msg"]
            assert expected in result["msg"]
            assert result["msg"].startswith("image cache web: DescribeImageCaches failed: ")

    def test_failures_fail_tasks_of_a_playbook(self, emulator: Emulator, controller: Controller) -> None:
        for number, (fault, _code, _expected) in enumerate(self.FAULTS[:4]):
            # Each task uses a region of its own, which has its own fault.
            fault.seen, fault.region = 0, REGIONS[number]
            emulator.faults.append(fault)
        options = {**WEB, "api_retries": 1}
        run = controller.play(*({MODULE: {**options, "region": REGIONS[n]}, "ignore_errors": True} for n in range(4)))
        for result, (fault, code, expected) in zip(run.results, self.FAULTS):
            assert (result["failed"], result["error"]["code"]) == (True, code)
            assert expected in result["msg"]
            fault.region = None
        assert "Traceback" not in run.output

    def test_unreachable_server_is_a_connection_failure(self, controller: Controller) -> None:
        result = controller.web(endpoint="http://127.0.0.1:9", api_retries=1).result
        assert result["error"]["code"] == "ConnectionFailed"
        assert "cannot connect to 127.0.0.1:9: Connection refused." in result["msg"]
        assert result["error"]["retryable"] is True

    def test_answer_above_16_mib_is_rejected(self, emulator: Emulator, controller: Controller) -> None:
        emulator.faults.append(Fault.garbled(b" " * (17 * 1024 * 1024), LIST, times=9))
        assert "the response is larger than 16 MiB" in controller.web(api_retries=0).result["msg"]


def set_build_age(emulator: Emulator, seconds: float) -> None:
    """Set the age of the build of the only cache."""
    (cache,) = emulator.region().caches.values()
    cache.builds[-1].began = cache.created - seconds


class TestTimeouts:
    def test_wait_ends_at_its_timeout_and_the_next_run_joins_the_build(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        emulator.settings.build_seconds = 600

        def age_new_build(moment: str, action: str) -> None:
            if (moment, action) == ("after", CREATE):
                set_build_age(emulator, 60)

        emulator.watch = age_new_build
        result = controller.web(wait_timeout=1).result
        assert f"it is not Ready after 1 s: {result['image_cache_id']} is Pending" in result["msg"]
        assert "its last build step is DiskCreated" in result["msg"]
        assert "the next run joins it" in result["msg"]
        assert result["image_cache"]["status"] == "Pending"
        assert result["image_cache_id"] == result["image_cache"]["image_cache_id"]
        assert result["changed"] is True
        set_build_age(emulator, 600)
        joined = controller.web().result
        assert joined["changed"] is False
        assert joined["image_cache_id"] == result["image_cache_id"]
        assert emulator.calls().count(CREATE) == 1

    def test_polls_are_at_least_one_interval_apart(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.settings.build_seconds = 3
        processes.web(wait_interval=0.5)
        polls = [request.at for request in emulator.received if "ImageCacheIds" in (request.parameters or {})]
        assert len(polls) >= 2
        assert all(later - earlier >= 0.5 for earlier, later in zip(polls, polls[1:]))

    def test_cache_deleted_by_another_process_ends_the_wait(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.build_seconds = 60

        def delete_caches(moment: str, action: str) -> None:
            if moment == "before" and len(emulator.received) == 5:
                emulator.region().caches.clear()

        emulator.watch = delete_caches
        assert "is not listed. Another process may have deleted it." in controller.web().result["msg"]

    def test_delete_without_effect_ends_at_the_timeout(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        create_cache(emulator)
        emulator.faults.append(Fault.without_effect(DELETE))
        message = processes.task(name="web", state="absent", wait_timeout=1, wait_interval=0.2).result["msg"]
        assert "was deleted but is still listed after 1 s" in message


class TestThrottling:
    def test_throttled_reads_and_writes_are_retried(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.settings.build_seconds = 600
        emulator.faults += [
            Fault.error("RequestLimitExceeded", LIST, times=2),
            Fault.error("RequestLimitExceeded.UinLimitExceeded", CREATE, times=2),
        ]
        run = processes.web(wait=False)
        assert run.status == 0, run.output
        assert emulator.calls() == [LIST] * 3 + [CREATE] * 3 + [LIST]
        assert len(emulator.region().caches) == 1

    def test_retry_after_header_is_honoured(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.faults.append(Fault.page(429, LIST, headers={"Retry-After": "2"}))
        assert processes.web("--check").status == 0
        first, second = (request.at for request in emulator.received)
        assert second - first >= 2

    def test_reads_are_retried_after_failures_of_the_service(
        self, emulator: Emulator, processes: ModuleProcesses
    ) -> None:
        for fault in (
            Fault.error("InternalError", LIST),
            Fault.page(503, LIST, nth=2),
            Fault.lost_request(LIST, nth=3),
        ):
            emulator.faults.append(fault)
        assert processes.web("--check").status == 0
        assert emulator.calls() == [LIST] * 4

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("LimitExceeded", "request a higher quota"),
            ("InternalError.LimitExceeded", "request a higher quota"),
            ("UnauthorizedOperation.CamNoAuth", "allow tke:CreateImageCache on resource *"),
            ("InternalError.CamNoAuth", "Grant it to the user or role in CAM"),
            ("AuthFailure.UnauthorizedOperation", "Grant it to the user or role in CAM"),
        ],
    )
    def test_quota_and_permission_errors_are_not_retried(
        self, emulator: Emulator, processes: ModuleProcesses, code: str, expected: str
    ) -> None:
        emulator.faults.append(Fault.error(code, CREATE, message="No."))
        result = processes.web().result
        assert emulator.calls() == [LIST, CREATE]
        assert f"image cache web: CreateImageCache failed: No ({code}, request " in result["msg"]
        assert expected in result["msg"]
        assert result["error"]["retryable"] is False
        assert result["error"]["http_status"] == 200

    def test_api_retries_limits_the_attempts(self, emulator: Emulator, processes: ModuleProcesses) -> None:
        emulator.faults.append(Fault.error("RequestLimitExceeded", LIST, times=99))
        result = processes.web(api_retries=2).result
        assert emulator.calls() == [LIST] * 3
        assert result["error"]["retryable"] is True


class TestParallelRuns:
    def run_twice(self, controller: Controller, **options: Any) -> list[dict[str, Any]]:
        """Run a task twice in parallel, with both first listings before any write, and return the results."""
        # Both listings are answered when both requests have arrived, with the state at their arrival.
        controller.emulator.faults.append(Fault.simultaneous_answers(2, LIST))
        local = ("-i", "one,two,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}")
        run = controller.play({MODULE: {**WEB, **options}}, arguments=local, hosts="all")
        assert run.status == 0, run.output
        assert len(run.results) == 2
        return run.results

    def test_two_creates_of_one_name_leave_one_cache(self, emulator: Emulator, controller: Controller) -> None:
        results = self.run_twice(controller)
        assert emulator.calls().count(CREATE) == 2
        (survivor,) = emulator.region().caches
        assert [result["image_cache_id"] for result in results] == [survivor] * 2
        reported = sorted([action["action"] for action in result["actions"]] for result in results)
        assert reported == [["create"], ["create", "delete"]]

    def test_two_replaces_of_one_cache_leave_one_replacement(self, emulator: Emulator, controller: Controller) -> None:
        old = create_cache(emulator)
        results = self.run_twice(controller, images=["nginx:2"], on_change="replace")
        assert emulator.calls().count(CREATE) == 2
        (new,) = emulator.region().caches.values()
        assert (new.declared["ImageCacheName"], new.declared["Images"]) == ("web", ["nginx:2"])
        for result in results:
            assert result["image_cache_id"] == new.id
            assert result["replaced"] == {"old_id": old, "new_id": new.id}
            assert [(action["action"], action["image_cache_id"]) for action in result["actions"]] == [
                ("replace", new.id)
            ]

    def test_two_rebuilds_of_a_failed_cache_leave_one_cache(self, emulator: Emulator, controller: Controller) -> None:
        emulator.settings.failures = [BuildFailure("nginx")]
        create_cache(emulator)
        emulator.settings.failures = []
        results = self.run_twice(controller)
        (survivor,) = emulator.region().caches
        assert [result["image_cache_id"] for result in results] == [survivor] * 2

    def test_older_cache_of_another_run_is_kept_and_returned(self, emulator: Emulator, controller: Controller) -> None:
        older: list[str] = []

        def create_older_cache(moment: str, action: str) -> None:
            if moment == "before" and action == CREATE and not older:
                older.append(create_cache(emulator))
                emulator.region().caches[older[0]].created -= 5

        emulator.watch = create_older_cache
        run = controller.web()
        assert run.status == 0, run.output
        assert run.result["image_cache_id"] == older[0]
        assert list(emulator.region().caches) == older
        assert [action["action"] for action in run.result["actions"]] == ["create", "delete"]

    def test_cache_created_by_a_person_is_kept_and_both_are_reported(
        self, emulator: Emulator, controller: Controller
    ) -> None:
        # Polls are half a second apart, so the other cache is created in a later second than the run's own cache.
        emulator.settings.build_looks = 6
        others: list[str] = []

        def create_other_cache(moment: str, action: str) -> None:
            own = list(emulator.region().caches.values())
            if moment == "before" and action == LIST and own and not others and own[0].builds[-1].looked == 5:
                others.append(create_cache(emulator, Images=["somebody:else"]))

        emulator.watch = create_other_cache
        run = controller.web(wait_interval=0.5)
        assert run.status != 0
        (own,) = (action["image_cache_id"] for action in run.result["actions"])
        assert set(emulator.region().caches) == {own, *others}
        assert DELETE not in emulator.calls()
        assert run.result["image_cache"]["status"] == "Ready"
        assert f"{own} is Ready, but {others[0]} (" in run.result["msg"]
        assert "was not created by this run. Nothing was deleted." in run.result["msg"]

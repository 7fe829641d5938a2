# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The real ansible-playbook prints the messages of the troubleshooting guide, each with its action."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from emulator import Emulator, Fault

from .caches import DELETE, LIST, UPDATE, create_cache, create_cache_of_age, start_build
from .controller import MODULE, SET, WEB, Controller, Run
from .guides import table

PER_CACHE = "on resource * or qcs::tke:<region>:uin/<uin>:imagecache/* (or one ID instead of the last *)."
# The fault that causes each message of the guide.
OUTAGES = {
    "HTTP status 407 instead of an API response": Fault.page(407, LIST),
    "HTTP status 302 is a redirect": Fault.page(302, LIST, headers={"Location": "http://127.0.0.1:9/"}),
    "HTTP status 503 instead of an API response": Fault.page(503, LIST),
    "HTTP status 429 instead of an API response": Fault.page(429, LIST),
    "not an API response": Fault.garbled(b"<html>Sign in</html>", LIST),
    "did not answer within": Fault.slow_answer(3, LIST),
    "was lost before the response was complete": Fault.lost_request(LIST),
}


def run_set_of_failed_caches(
    emulator: Emulator, controller: Controller, events: list[list[dict[str, str]]]
) -> list[Any]:
    """Run a set whose caches failed with these events, and return the results of its entries."""
    entries = []
    for number, cache_events in enumerate(events):
        name = f"failed-{number}"
        create_cache_of_age(emulator, 1, ImageCacheName=name, shown={"Status": "Failed", "Events": cache_events})
        entries.append({**WEB, "name": name, "recreate_failed": False})
    run = controller.play({SET: {"image_caches": entries}})
    assert run.status != 0
    results: list[Any] = run.result["image_caches"]
    return results


def event(kind: str, reason: str, message: str) -> dict[str, str]:
    return {"Type": kind, "Reason": reason, "Message": message, "LastTimestamp": "2026-03-30 07:03:35 +0000 UTC"}


def test_words_of_an_event_lead_to_the_cause_and_action_of_the_guide(
    emulator: Emulator, controller: Controller
) -> None:
    rows = [
        (message, cause, action)
        for messages, cause, action in table("By the words of an event")
        for message in messages.split(", ")
    ]
    results = run_set_of_failed_caches(
        emulator, controller, [[event("Warning", "Failed", message)] for message, _cause, _action in rows]
    )
    for result, (message, cause, action) in zip(results, rows):
        assert f"Failed: {message}. {cause} {action}" in result["msg"]
        assert result["build_failure"]["hint"] == f"{cause} {action}"
        assert result["build_failure"]["message"] == message


def test_last_step_leads_to_the_cause_and_action_of_the_guide(emulator: Emulator, controller: Controller) -> None:
    rows = table("By the last step")
    steps = [re.findall(r"after (\w+)", message) for message, _cause, _action in rows]
    results = run_set_of_failed_caches(
        emulator, controller, [[event("Normal", step, "") for step in step_] for step_ in steps]
    )
    for result, (message, cause, action) in zip(results, rows):
        assert message in result["msg"]
        assert f"{cause} {action}" in result["msg"]


def run_with_listing_faults(controller: Controller, faults: list[Fault], **options: Any) -> Run:
    """Run a task for each fault, in a region of its own where every listing has the fault."""
    for number, fault in enumerate(faults):
        fault.region, fault.seen, fault.times = f"ap-{number}", 0, 99
    controller.emulator.faults += faults
    tasks = [
        {MODULE: {**WEB, "api_retries": 0, "region": fault.region, **options}, "ignore_errors": True}
        for fault in faults
    ]
    return controller.play(*tasks)


def test_codes_lead_to_the_cause_and_action_of_the_guide(emulator: Emulator, controller: Controller) -> None:
    rows = [
        (code, cause, action) for codes, cause, action in table("By the code of the API") for code in codes.split(", ")
    ]
    run = run_with_listing_faults(controller, [Fault.error(code, LIST) for code, _cause, _action in rows])
    for result, (code, cause, action) in zip(run.results, rows):
        assert f"({code}, request {result['error']['request_id']}). {cause} " in result["msg"]
        # The action for an update names more than that for the listing here.
        assert action in result["msg"].replace("`", "") or UPDATE in action or "on_change" in action


def test_failures_without_a_response_lead_to_the_cause_and_action_of_the_guide(
    emulator: Emulator, controller: Controller
) -> None:
    rows = {
        message: (kind, f"{cause} {action}")
        for messages, kind, cause, action in table("Without a response of the API")
        for message in messages.split(", ")
    }
    run = run_with_listing_faults(controller, list(OUTAGES.values()), api_timeout=1)
    for result, message in zip(run.results, OUTAGES):
        assert message in result["msg"]
        assert (result["error"]["code"], rows[message][1]) == (
            rows[message][0],
            result["msg"][-len(rows[message][1]) :],
        )
    # For a loopback address the advice about missing TLS is the URL to set; test_connection.py tests it.
    assert set(rows) - set(OUTAGES) == {
        "cannot connect to",
        "certificate verification failed",
        "the response was not TLS",
    }
    run = controller.web(endpoint="http://127.0.0.1:9", api_retries=0)
    assert "cannot connect to" in run.result["msg"]
    assert run.result["msg"].endswith(rows["cannot connect to"][1])


@pytest.fixture
def tls_emulator() -> Iterator[Emulator]:
    """Return an emulator that uses TLS with a certificate of an unknown authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    emulator = Emulator(ssl_context=context).start()
    yield emulator
    emulator.stop()


def test_untrusted_certificate_leads_to_the_cause_and_action_of_the_guide(
    tls_emulator: Emulator, tmp_path: Path
) -> None:
    ((cause, action),) = [
        row[2:] for row in table("Without a response of the API") if row[0] == "certificate verification failed"
    ]
    message = Controller(tls_emulator, tmp_path).web().result["msg"]
    assert "certificate verification failed" in message
    assert message.endswith(f"{cause} {action}")


def test_missing_permission_names_the_resources_it_can_be_granted_on(
    emulator: Emulator, controller: Controller
) -> None:
    create_cache(emulator)
    emulator.faults += [Fault.error("UnauthorizedOperation.CamNoAuth", action) for action in (UPDATE, DELETE)]
    run = controller.play(
        {MODULE: {**WEB, "retention_days": 5}, "ignore_errors": True},
        {MODULE: {"name": "web", "state": "absent"}},
    )
    for result, action in zip(run.results, (UPDATE, DELETE)):
        assert result["msg"].endswith(f"allow tke:{action} {PER_CACHE}")


@pytest.mark.waiting
def test_long_waits_and_duplicates_print_the_messages_of_the_guide(emulator: Emulator, controller: Controller) -> None:
    emulator.settings.build_seconds = 600
    start_build(emulator)
    for _number in range(2):
        create_cache(emulator, ImageCacheName="twice")
    run = controller.play(
        {MODULE: {**WEB, "wait_timeout": 1}, "ignore_errors": True}, {MODULE: {**WEB, "name": "twice"}}
    )
    messages = [message for message, _cause, _action in table("Long waits and duplicates")[:2]]
    for result, message in zip(run.results, messages):
        assert message in result["msg"]


def test_missing_credentials_and_region_print_the_messages_of_the_guide(controller: Controller) -> None:
    messages = [row[0] for row in table("Installation, credentials and region")]
    del controller.environment["TENCENTCLOUD_REGION"]
    assert messages[3] in controller.web().result["msg"]
    del controller.environment["TENCENTCLOUD_SECRET_ID"], controller.environment["TENCENTCLOUD_SECRET_KEY"]
    assert messages[2] in controller.web(region="ap-guangzhou").result["msg"]


def test_unknown_module_prints_the_message_of_the_guide(controller: Controller) -> None:
    messages = [row[0] for row in table("Installation, credentials and region")]
    run = controller.play({"tencentcloud.tke.no_such_module": {}})
    assert messages[1] in run.output

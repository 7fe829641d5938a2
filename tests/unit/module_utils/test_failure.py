# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages of failed runs: what failed, why, and what to do."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import NoAnswer, api_error
from ansible_collections.tencentcloud.tke.plugins.module_utils._failure import (
    describe_request_error,
    failure,
    request_failure,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.desired import Desired
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.observed import ImageCache
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.plan import BuildFailed, Refused
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.context import (
    Duplicates,
    OutageAtDeadline,
    TimedOut,
    Vanished,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._reconcile.journal import Journal
from unit.support.conversation import listed_cache
from unit.support.world import World, web_params

NO_SPACE = {
    "Type": "Warning",
    "Reason": "NoSpace",
    "Message": "no space left on device.",
    "FirstTimestamp": "2026-01-01T00:01:00Z",
    "LastTimestamp": "2026-01-01T00:01:00Z",
}
STARTED = {**NO_SPACE, "Type": "Normal", "Reason": "EksCiCreated", "Message": "create eksci eksci-1"}


def cache(image_cache_id: str = "imc-1", status: str = "Ready", **fields: Any) -> ImageCache:
    return ImageCache(listed_cache(image_cache_id, status, **fields))


def fail(error: Exception, seen: Optional[ImageCache] = None, **options: Any) -> dict[str, Any]:
    """Return the result of a run that ends with an error."""
    journal = Journal(World())
    if seen is not None:
        journal.note_found(seen)
    return failure(error, Desired.from_params(web_params(**options)), journal)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Out of order.", "CreateImageCache failed: Out of order (InternalError, request r-1). "),
        ("", "CreateImageCache failed: (InternalError, request r-1). "),
    ],
)
def test_request_error_shows_message_code_and_request(message: str, words: str) -> None:
    error = api_error("InternalError", message, request_id="r-1", action="CreateImageCache", http_status=200)
    assert describe_request_error(error).startswith(words)


def test_request_error_without_code_shows_only_its_message() -> None:
    words = describe_request_error(NoAnswer("no response within 30 s.", action="DescribeImageCaches"))
    assert words.startswith("DescribeImageCaches failed: no response within 30 s. ")
    assert words == words.rstrip()


def test_failed_request_adds_its_facts_to_a_result() -> None:
    error = api_error("InternalError", "Broken.", request_id="r-1", action="CreateImageCache", http_status=200)
    result = request_failure(error, "image caches")
    assert (result["failed"], result["error"]) == (True, error.facts())
    assert result["msg"] == f"image caches: {describe_request_error(error)}"
    result = fail(error, cache())
    assert (result["error"]["code"], result["changed"], result["image_cache_id"]) == ("InternalError", False, "imc-1")
    assert result["msg"].startswith("image cache web (imc-1): CreateImageCache failed: Broken (InternalError, ")


class TestBuildFailed:
    def test_cause_and_next_step_are_named(self) -> None:
        failed = cache(status="Failed", Events=[STARTED, NO_SPACE])
        result = fail(BuildFailed(failed), failed)
        hint = result["build_failure"]["hint"]
        assert result["msg"] == (
            "image cache web (imc-1): the build failed after EksCiCreated: NoSpace: no space left on device."
            f" {hint} The cache cannot be used. The next run rebuilds it."
        )
        assert result["image_cache"]["status"] == "Failed"
        assert (result["failed"], result["build_failure"]["reason"]) == (True, "NoSpace")

    def test_build_without_events_names_no_step_and_no_cause(self) -> None:
        failed = cache(status="Failed")
        result = fail(BuildFailed(failed), failed, recreate_failed=False)
        assert result["msg"].startswith("image cache web (imc-1): the build failed, and no event gives a reason. ")
        assert result["msg"].endswith(" The cache cannot be used. Set recreate_failed: true to rebuild it.")

    def test_missing_options_are_named(self) -> None:
        failed = cache(status="Failed")
        message = fail(BuildFailed(failed, missing=["vpc_id", "subnet_id"]), failed)["msg"]
        assert message.endswith(" To rebuild it, also set vpc_id, subnet_id.")

    @pytest.mark.parametrize(
        ("on_change", "advice"),
        [
            ("fail", "With on_change: fail, the cache is not changed. Set on_change: update to repeat the update, or"),
            ("update", "The next run repeats the update or, with on_change: replace, replaces the cache."),
            ("replace", "The next run repeats the update or, with on_change: replace, replaces the cache."),
        ],
    )
    def test_failed_update_is_named_with_its_remedy(self, on_change: str, advice: str) -> None:
        failed = cache(status="UpdateFailed")
        message = fail(BuildFailed(failed), failed, on_change=on_change)["msg"]
        assert message.startswith("image cache web (imc-1): the update failed, and no event gives a reason. ")
        assert advice in message

    @pytest.mark.parametrize(
        ("seen", "use"),
        [
            (cache(), "imc-1 is unchanged and usable. The next run rebuilds the replacement."),
            (cache(status="UpdateFailed"), "imc-1 is unchanged and still UpdateFailed. The next run rebuilds the"),
            (cache("imc-9", "UpdateFailed"), "imc-1 is unchanged and usable."),
            (None, "imc-1 is unchanged and usable."),
        ],
    )
    def test_failed_replacement_names_the_cache_that_is_kept(self, seen: Optional[ImageCache], use: str) -> None:
        replacement = cache("imc-2", "Failed", ImageCacheName="web-replacement")
        message = fail(BuildFailed(replacement, kept="imc-1"), seen)["msg"]
        assert "the build of its replacement imc-2 failed" in message
        assert use in message


class TestTimedOut:
    def test_last_step_of_the_build_is_named(self) -> None:
        pending = cache(status="Pending", Events=[STARTED, NO_SPACE])
        result = fail(TimedOut(pending, "imc-1", 600, "Ready"), pending)
        assert result["msg"].startswith(
            "image cache web (imc-1): it is not Ready after 600 s: imc-1 is Pending, and its last build step is"
            " EksCiCreated. NoSpace: no space left on device. "
        )
        assert result["msg"].endswith(
            " Raise wait_timeout for large images. The build continues and costs money, and the next run joins it."
        )
        assert result["image_cache"]["status"] == "Pending"

    def test_build_without_steps_has_no_hint(self) -> None:
        pending = cache(status="Pending")
        assert fail(TimedOut(pending, "imc-1", 0.5, "Ready"), pending)["msg"].startswith(
            "image cache web (imc-1): it is not Ready after 0.5 s: imc-1 is Pending, and its last build step is none."
            " Raise wait_timeout"
        )

    def test_cache_that_is_not_listed_is_named_by_its_id(self) -> None:
        result = fail(TimedOut(None, "imc-7", 5, "Ready"))
        assert "imc-7 is not listed yet, and its last build step is none. Raise wait_timeout" in result["msg"]
        assert result["image_cache"] is None

    def test_deleted_cache_that_is_still_listed_is_named(self) -> None:
        deleting = cache(status="Deleting")
        assert fail(TimedOut(deleting, "imc-1", 30, "gone"), deleting)["msg"] == (
            "image cache web (imc-1): imc-1 was deleted but is still listed after 30 s. Run again to check whether it"
            " is gone, or raise wait_timeout."
        )


class TestDuplicates:
    ADVICE = "Nothing was deleted. Delete or rename the image cache that you do not need, then run again."

    def test_each_duplicate_is_named_with_its_status(self) -> None:
        two = [cache("imc-2", "Pending"), cache("imc-3")]
        assert fail(Duplicates("imc-1", two, replaces=False), cache())["msg"] == (
            "image cache web (imc-1): imc-1 is Ready, but imc-2 (Pending) and imc-3 (Ready) have the same name and were"
            f" not created by this run. {self.ADVICE}"
        )
        assert (
            "imc-2 (Pending) has the same name and was not created"
            in (fail(Duplicates("imc-1", two[:1], replaces=False), cache())["msg"])
        )

    def test_cache_to_replace_is_one_of_the_duplicates(self) -> None:
        two = [cache("imc-1"), cache("imc-3")]
        assert fail(Duplicates("imc-2", two, replaces=True), cache())["msg"] == (
            "image cache web (imc-1): its replacement imc-2 is Ready, but imc-1 (Ready) and imc-3 (Ready) have the"
            f" same name. {self.ADVICE}"
        )


class TestOutage:
    OUTAGE = OutageAtDeadline(NoAnswer("no response.", action="DescribeImageCaches"), 600)

    def outage(self, *actions: str, seen: Optional[ImageCache] = None) -> str:
        journal = Journal(World())
        if seen:
            journal.note_found(seen)
        for number, action in enumerate(actions):
            journal.note_action(action, f"imc-{number}", None)
        result = failure(self.OUTAGE, Desired.from_params(web_params()), journal)
        assert result["error"] == self.OUTAGE.error.facts()
        assert result["msg"].startswith("image cache web")
        return str(result["msg"]).partition(": ")[2]

    def test_message_says_what_failed_and_what_to_do(self) -> None:
        assert self.outage() == (
            "wait_timeout (600 s) expired while the API was unavailable: DescribeImageCaches failed: no response. Run"
            " again when the API is available; the run continues from the current state."
        )

    @pytest.mark.parametrize(
        ("actions", "seen", "build"),
        [
            (("create",), None, "imc-0"),
            (("create", "update", "delete"), None, "imc-1"),
            ((), cache("imc-7", "Pending"), "imc-7"),
            (("delete",), cache("imc-7", "Pending"), "imc-7"),
            ((), cache("imc-7"), None),
            (("delete",), None, None),
        ],
        ids=str,
    )
    def test_build_that_may_continue_is_named(
        self, actions: tuple[str, ...], seen: Optional[ImageCache], build: Optional[str]
    ) -> None:
        message = self.outage(*actions, seen=seen)
        assert (f" The build of {build} may continue and cost money." in message) is (build is not None)
        assert ("The build of" in message) is (build is not None)


def test_cache_that_is_no_longer_listed_is_named() -> None:
    assert fail(Vanished("imc-7"), cache())["msg"] == (
        "image cache web (imc-1): imc-7 is not listed. Another process may have deleted it. Run again to rebuild it."
    )


def test_refusal_is_named_with_its_cache() -> None:
    result = fail(Refused("on_change is fail."), cache())
    assert (result["msg"], result["failed"]) == ("image cache web (imc-1): on_change is fail.", True)

# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How each question is asked: a generator that waits for the stages it needs and returns the answer.

It receives the cache of the stage. It raises CannotTell, or the RequestError of an unexpected failure, if the answer
cannot be told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, Generator, List, Mapping

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import (
    ApiError,
    InvalidRequest,
    NotFound,
    StateRefused,
    Unspecific,
)
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.fields import is_masked
from ansible_collections.tencentcloud.tke.plugins.module_utils._image_cache.times import parse_time

from .lab import NO_IMAGE, PINNED, PLAIN_IMAGE, TWIN, CannotTell, Lab, Raw, Subject, tags
from .stages import Stage


@dataclass(frozen=True)
class Answer:
    """An answer. C(meaning) is what questions.py maps to the worlds of the emulator, C(detail) is what was seen."""

    meaning: str
    detail: str = ""


Asking = Generator[Stage, Subject, Answer]

OPTIONAL_FIELDS = ("RetentionDays", "Tags", "ImageRegistryCredentials", "ImageCacheType", "Snapshotter")
# The refusals that a parameter may cause.
REFUSALS = (InvalidRequest, StateRefused, Unspecific)
# The numbers of ids and names to try.
COUNTS = (100, 50, 20, 10)
DAY = 86400
# Listings have whole seconds.
SECOND = 2
# The collection waits as long as this for a listing. In seconds.
TOLERATED_LAG = 15.0
# The steps of a build, in order.
CHAIN = ("diskcreated", "ekscicreated", "snapcreated", "eksciddeleted", "diskdeleted")
FORMATS: Mapping[str, str] = {
    "2026-03-30 07:03:35 +0000 UTC": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC",
    "without a zone": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "RFC 3339": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "milliseconds": r"\d{13}",
    "with a monotonic clock": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4} \w+ m=[+-][\d.]+",
}


def ask_listed_at_once(lab: Lab) -> Asking:
    """Look for a cache right after its create."""
    main = yield Stage.CREATED
    return _measure(lab, main, is_listed=True)


def ask_removed_at_once(lab: Lab) -> Asking:
    """Look for a cache right after its delete."""
    last = yield Stage.LAST
    lab.delete(last)
    answer = _measure(lab, last, is_listed=False)
    lab.note_gone(last)
    return answer


def _measure(lab: Lab, subject: Subject, is_listed: bool) -> Answer:
    """Return how long it takes until a cache is listed, or no longer is."""
    started = lab.clock.monotonic()
    if (lab.look(subject) is not None) is is_listed:
        return Answer("yes")
    if not lab.is_seen(lambda: (lab.look(subject) is not None) is is_listed, 4 * lab.pace.lag):
        raise CannotTell(f"Not within {4 * lab.pace.lag:.0f} s.")
    seconds = lab.clock.monotonic() - started
    return Answer("soon" if seconds <= TOLERATED_LAG else "late", f"after {seconds:.1f} s")


def ask_unique_names(lab: Lab) -> Asking:
    """Create a second cache with the name of the first."""
    main = yield Stage.CREATED
    try:
        lab.make(TWIN, name=main.name)
    except REFUSALS:
        return Answer("yes")
    return Answer("no")


def ask_exact_names(lab: Lab) -> Asking:
    """List a part of a name."""
    twin = yield Stage.BUILDING
    found = lab.list_caches(ImageCacheNames=[twin.name[:-1]])
    return Answer("no" if found else "yes")


def ask_passwords(lab: Lab) -> Asking:
    """List a cache with registry credentials."""
    twin = yield Stage.BUILDING
    credentials = _look(lab, twin).get("ImageRegistryCredentials")
    if not isinstance(credentials, list) or not credentials:
        raise CannotTell("The listing shows no registry credentials.")
    shown = credentials[0].get("Password")
    if not shown:
        return Answer("left out")
    return Answer("in clear text" if shown == lab.password else "masked" if is_masked(shown) else "otherwise")


def ask_images(lab: Lab) -> Asking:
    """List a cache whose image was written without tag and registry."""
    twin = yield Stage.BUILDING
    (shown,) = _look(lab, twin).get("Images") or [None]
    forms = {
        PLAIN_IMAGE: "as written",
        f"{PLAIN_IMAGE}:latest": "with a tag",
        f"docker.io/library/{PLAIN_IMAGE}:latest": "in full",
    }
    return Answer(forms.get(str(shown), "otherwise"), f"{PLAIN_IMAGE} as {shown}")


def ask_refused_states(lab: Lab) -> Asking:
    """Update the tags of a cache in each state."""
    refused = []
    for stage, status in (
        (Stage.BUILDING, "Pending"),
        (Stage.FAILED, "Failed"),
        (Stage.UPDATING, "Updating"),
        (Stage.UPDATE_FAILED, "UpdateFailed"),
    ):
        subject = yield stage
        _expect(lab, subject, status)
        try:
            lab.send_update(subject, Tags=tags("d"))
        except StateRefused:
            refused.append(status)
    return Answer(", ".join(refused) or "none")


def ask_delete_while_building(lab: Lab) -> Asking:
    """Delete a cache that is being built."""
    twin = yield Stage.BUILDING
    status = _look(lab, twin).get("Status")
    if status not in ("Pending", "Updating"):
        raise CannotTell(f"The image cache was already {status}.")
    try:
        lab.delete(twin)
    except StateRefused:
        return Answer("no")
    return Answer("yes")


def ask_unknown_id_in_delete(lab: Lab) -> Asking:
    """Delete a cache together with one that no longer exists."""
    failing = yield Stage.GONE
    twin = lab.need(TWIN)
    outcome = _outcome(lambda: lab.send_delete([failing.id, twin.id]))
    is_gone = lab.is_seen(lambda: lab.look(failing) is None, lab.pace.lag)
    if is_gone:
        lab.note_gone(failing)
    if outcome == "accepted":
        return Answer("it is skipped" if is_gone else "nothing is deleted, without an error")
    return Answer("the rest is deleted, with an error" if is_gone else "the whole request is refused")


def ask_most_deleted(lab: Lab) -> Asking:
    """Delete more and more IDs that no cache has."""
    yield Stage.READY
    ids = lab.unused_ids(COUNTS[0])
    alone = _outcome(lambda: lab.send_delete(ids[:1]))
    if alone == "InvalidRequest":
        raise CannotTell("A delete of one unknown ID is refused like one with too many.")
    most = _largest(lambda count: _outcome(lambda: lab.send_delete(ids[:count])) == alone)
    return Answer("any number" if most == COUNTS[0] else str(most), f"at least {most}")


def ask_most_listed(lab: Lab) -> Asking:
    """List more and more IDs and names that no cache has."""
    yield Stage.READY
    ids, names = lab.unused_ids(COUNTS[0]), lab.unused_names(COUNTS[0])
    by_id = _largest(lambda count: _outcome(lambda: lab.list_caches(ImageCacheIds=ids[:count])) == "accepted")
    by_name = _largest(lambda count: _outcome(lambda: lab.list_caches(ImageCacheNames=names[:count])) == "accepted")
    most = str(by_id) if by_id == by_name else "different"
    return Answer("any number" if most == str(COUNTS[0]) else most, f"at least {by_id} IDs and {by_name} names")


def _largest(is_accepted: Callable[[int], bool]) -> int:
    return next((count for count in COUNTS if is_accepted(count)), 0)


def _outcome(call: Callable[[], Any]) -> str:
    """Return the kind of the refusal of a request, or C(accepted). Raises other errors."""
    try:
        call()
    except ApiError as error:
        if not isinstance(error, (*REFUSALS, NotFound)):
            raise
        return type(error).__name__
    return "accepted"


def ask_events_order(lab: Lab) -> Asking:
    """Compare the order of the events of a build with that of its steps."""
    main = yield Stage.READY
    events = _events(_look(lab, main))
    steps = [CHAIN.index(event["Reason"].lower()) for event in events if event["Reason"].lower() in CHAIN]
    if len(set(steps)) < 2 or steps not in (sorted(steps), sorted(steps, reverse=True)):
        raise CannotTell("The steps of the build are not recognized.")
    return Answer("oldest first" if steps[0] < steps[-1] else "newest first")


def ask_spelling(lab: Lab) -> Asking:
    """Read the event of the build instance."""
    main = yield Stage.READY
    reasons = [event["Reason"] for event in _events(_look(lab, main))]
    spelled = [reason[: -len("Created")] for reason in reasons if reason.lower() == "ekscicreated"]
    return Answer(spelled[0] if spelled else "not named", ", ".join(reasons))


def ask_asking(lab: Lab) -> Asking:
    """Compare the last match of a cache before and after a request that finds it."""
    main = yield Stage.READY
    before = _look(lab, main).get("LastMatchedTime")
    _match_main(lab, main)
    # The time has whole seconds.
    counts = lab.is_seen(lambda: _look(lab, main).get("LastMatchedTime") != before, lab.pace.lag)
    return Answer("yes" if counts else "no", f"last match {before!r}, then {_look(lab, main).get('LastMatchedTime')!r}")


def _match_main(lab: Lab, main: Subject) -> None:
    found = lab.match(lab.setting.image)
    if found is None:
        raise CannotTell("No image cache matches the image of the Ready image cache.")
    if found["ImageCacheId"] != main.id:
        raise CannotTell("Another image cache of the account matches. Set IMAGE to an image that no other one has.")


def ask_partial_match(lab: Lab) -> Asking:
    """Request the image of a cache together with one that no cache has."""
    main = yield Stage.READY
    _match_main(lab, main)
    return Answer("yes" if lab.match(lab.setting.image, NO_IMAGE) else "no")


def ask_digests(lab: Lab) -> Asking:
    """Build a cache of an image with a digest, and request that image."""
    yield Stage.GONE
    pinned_image = lab.setting.pinned_image
    if pinned_image is None:
        raise CannotTell("IMAGE has no digest.")
    try:
        lab.make(PINNED)
    except REFUSALS:
        return Answer("refused")
    yield Stage.PINNED
    return Answer("yes" if lab.match(pinned_image) else "not matched")


def ask_times(lab: Lab) -> Asking:
    """Read all times of a cache."""
    main = yield Stage.READY
    raw = _look(lab, main)
    listed = [raw.get(name) for name in ("CreationTime", "ExpireDateTime", "LastMatchedTime")]
    listed += [event.get(name) for event in _events(raw) for name in ("FirstTimestamp", "LastTimestamp")]
    formats = {_format_of(str(text)) for text in listed if text}
    if len(formats) != 1:
        return Answer("several", ", ".join(sorted(formats)))
    created, age = parse_time(raw.get("CreationTime")), lab.clock.monotonic() - main.made
    (meaning,) = formats
    ahead = round((created.timestamp() - (lab.clock.unix() - age)) / 3600) if created else 0
    return Answer(meaning if not ahead else "in another zone", f"{meaning}, {ahead:+d} h from UTC" if ahead else "")


def _format_of(text: str) -> str:
    return next((name for name, pattern in FORMATS.items() if re.fullmatch(pattern, text)), "another format")


def ask_tags(lab: Lab) -> Asking:
    """Update a cache with another tag."""
    main = yield Stage.READY
    shown = lab.update(main, Tags=tags("b")).get("Tags")
    if not isinstance(shown, list):
        raise CannotTell("The listing shows no tags.")
    keys = {tag.get("Key") for tag in shown} & {"a", "b"}
    return Answer({("b",): "yes", ("a", "b"): "no"}.get(tuple(sorted(keys)), "otherwise"), ", ".join(sorted(keys)))


def ask_retention(lab: Lab) -> Asking:
    """Compare the expiry before and after an update of the retention."""
    main = yield Stage.READY
    # The moments of the creation and of the update must differ clearly.
    lab.is_seen(lambda: lab.clock.monotonic() - main.made > 2 * SECOND, 3 * SECOND)
    before = _days_begin(_look(lab, main), 1)
    age = lab.clock.monotonic() - main.made
    after = _days_begin(lab.update(main, RetentionDays=2), 2)
    if abs(before) > SECOND:
        return Answer("otherwise", f"1 day from {before:.0f} s after the creation")
    meaning = "yes" if abs(after) <= SECOND else "no" if after >= age - SECOND else "otherwise"
    return Answer(meaning, f"2 days from {after:.0f} s after the creation; the update was after {age:.0f} s")


def _days_begin(raw: Raw, days: int) -> float:
    """Return the seconds from the creation to the moment from which the days until the expiry count."""
    return (_time_of(raw, "ExpireDateTime") - _time_of(raw, "CreationTime")).total_seconds() - days * DAY


def _time_of(raw: Raw, field: str) -> datetime:
    at = parse_time(raw.get(field))
    if at is None:
        raise CannotTell(f"{field} cannot be read: {raw.get(field)!r}.")
    return at


def ask_never_expires(lab: Lab) -> Asking:
    """Read the expiry of a cache while its retention is 0."""
    main = yield Stage.READY
    try:
        raw = lab.update(main, RetentionDays=0)
    finally:
        lab.update(main, RetentionDays=1)
    if raw.get("ExpireDateTime") == "":
        return Answer("empty")
    days = (_time_of(raw, "ExpireDateTime") - _time_of(raw, "CreationTime")).days
    return Answer("in a hundred years" if 36500 <= days <= 36550 else "otherwise", f"after {days} days")


def ask_updating(lab: Lab) -> Asking:
    """Watch the status after updates of tags, retention, name and images."""
    main = yield Stage.READY
    lab.update(main, ImageCacheName=f"{main.name}-renamed")
    yield Stage.UPDATED
    main = yield Stage.UPDATING
    builds = lab.is_seen(lambda: _look(lab, main).get("Status") == "Updating", lab.pace.lag / 5)
    lab.exchanges += [exchange for update in lab.updates for exchange in update.exchanges]
    kinds = {field: update.builds for update in lab.updates for field in update.fields}
    if not {"ImageCacheName", "RetentionDays", "Tags"} <= set(kinds):
        raise CannotTell("Not all of these updates were accepted.")
    kinds["Images"] = builds
    passing = sorted(field for field, passes in kinds.items() if passes)
    return Answer({("Images",): "no", tuple(sorted(kinds)): "yes"}.get(tuple(passing), "in part"), ", ".join(passing))


def ask_optional_fields(lab: Lab) -> Asking:
    """Look for the optional fields in all listings of the caches."""
    last = yield Stage.LAST
    _look(lab, last)
    missing = {field: sum(field not in raw for raw in lab.listings) for field in OPTIONAL_FIELDS}
    if not any(missing.values()):
        return Answer("yes")
    always = all(count == len(lab.listings) for count in missing.values())
    named = ", ".join(field for field, count in missing.items() if count)
    return Answer("never" if always else "in part", f"without {named}")


def _events(raw: Raw) -> List[Mapping[str, Any]]:
    events = raw.get("Events")
    entries = events if isinstance(events, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("Reason"), str)]


def _look(lab: Lab, subject: Subject) -> Raw:
    raw = lab.look(subject)
    if raw is None:
        raise CannotTell("The image cache is not listed.")
    return raw


def _expect(lab: Lab, subject: Subject, status: str) -> None:
    if not lab.is_seen(lambda: _look(lab, subject).get("Status") == status, lab.pace.lag / 5):
        raise CannotTell(f"The image cache was not {status} but {_look(lab, subject).get('Status')}.")

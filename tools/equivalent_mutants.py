# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mutants that no test can distinguish from the code, each with the reason: file, line, mutated line -> reason."""

from __future__ import annotations

SAME_OBJECT = "both sides are the same constant, or the same member of an enumeration"
FALSY = "only its truth is asked for"
FAR_FROM_ZERO = "the offset is more than 290 here, one way or the other"
NO_STEP = "every number below 0 means that no step was reached"
DISTINCT_BITS = "the two flags have no bit in common"

EQUIVALENT: dict[tuple[str, str, str], str] = {
    (
        "module_utils/_image_cache/plan.py",
        'action = RENAME if changes.fields == ("image_cache_name",) else UPDATE',
        'action = RENAME if changes.fields <= ("image_cache_name",) else UPDATE',
    ): "the name is the first of the options that an update carries, and one that carries none is no step",
    (
        "module_utils/_image_cache/plan.py",
        'if desired.on_change != "fail":',
        'if desired.on_change > "fail":',
    ): "the other choices, replace and update, come after it in the alphabet",
    (
        "module_utils/_image_cache/plan.py",
        "return _plan_for_cache(desired, found.caches[0], found.replacements, now)",
        "return _plan_for_cache(desired, found.caches[ -1], found.replacements, now)",
    ): "there is one",
    (
        "module_utils/_image_cache/difference.py",
        '"image_registry_credentials": desired.update_password == "always" and _has_passwords(desired),',
        '"image_registry_credentials": desired.update_password <= "always" and _has_passwords(desired),',
    ): "the other choice, on_change, comes after it in the alphabet",
    (
        "module_utils/_image_cache/successor.py",
        "return False",
        "return None",
    ): FALSY,
    (
        "module_utils/_api/retry.py",
        "pause = min(LONGEST_PAUSE, max(back_off(attempts), error.retry_after or 0.0))",
        "pause = min(LONGEST_PAUSE, max(back_off(attempts), error.retry_after or -1.0))",
    ): "a back-off is never below 0",
    (
        "module_utils/_api/rate_limiter.py",
        "if at > now:",
        "if at != now:",
    ): "it is never before now",
    (
        "module_utils/_api/rate_limiter.py",
        "factor = self._factor[action] = max(1.0, self._factor.get(action, 1.0) * FASTER)",
        "factor = self._factor[action] = max(1.0, self._factor.get(action, 0.0) * FASTER)",
    ): "both are below 1",
    (
        "module_utils/_api/errors.py",
        "super().__init__(message)",
        "pass",
    ): "BaseException.__new__ has taken the message already",
    (
        "module_utils/_diagnosis/advice.py",
        "return f\"This machine's clock is {abs(offset)} s {'ahead' if offset > 0 else 'behind'}. Set it with NTP.\"",
        "return f\"This machine's clock is {abs(offset)} s {'ahead' if offset >= 0 else 'behind'}. Set it with NTP.\"",
    ): FAR_FROM_ZERO,
    (
        "module_utils/_diagnosis/advice.py",
        "return f\"This machine's clock is {abs(offset)} s {'ahead' if offset > 0 else 'behind'}. Set it with NTP.\"",
        "return f\"This machine's clock is {abs(offset)} s {'ahead' if offset > 1 else 'behind'}. Set it with NTP.\"",
    ): FAR_FROM_ZERO,
    (
        "module_utils/_diagnosis/advice.py",
        "return f\"This machine's clock is {abs(offset)} s {'ahead' if offset > 0 else 'behind'}. Set it with NTP.\"",
        "return f\"This machine's clock is {abs(offset)} s {'ahead' if offset > -1 else 'behind'}. Set it with NTP.\"",
    ): FAR_FROM_ZERO,
    (
        "module_utils/_diagnosis/causes.py",
        "return next((cause for pattern, cause in WORDS if re.search(pattern, words, re.IGNORECASE | re.ASCII)), None)",
        "return next((cause for pattern, cause in WORDS if re.search(pattern, words, re.IGNORECASE + re.ASCII)), None)",
    ): DISTINCT_BITS,
    (
        "module_utils/_diagnosis/causes.py",
        "return next((cause for pattern, cause in WORDS if re.search(pattern, words, re.IGNORECASE | re.ASCII)), None)",
        "return next((cause for pattern, cause in WORDS if re.search(pattern, words, re.IGNORECASE ^ re.ASCII)), None)",
    ): DISTINCT_BITS,
    (
        "module_utils/_api/rate_limiter.py",
        "if at > now:",
        "if at is not now:",
    ): "it is never earlier, and a pause of 0 s is none",
    (
        "module_utils/_diagnosis/causes.py",
        "return next((cause for pattern, cause in WORDS if re.search(pattern, words, re.IGNORECASE | re.ASCII)), None)",
        "return next((cause for pattern, cause in WORDS if re.search(pattern, words, re.IGNORECASE - re.ASCII)), None)",
    ): "the difference is a negative number, in which both flags are set, and others that mean nothing",
    (
        "module_utils/_image_cache/plan.py",
        "return cache.created_at is not None and now - cache.created_at.timestamp() > AS_NEW",
        "return cache.created_at is not None and now % cache.created_at.timestamp() > AS_NEW",
    ): "the one goes into the other once",
    (
        "module_utils/_image_cache/plan.py",
        'after.update(expire_date_time=None, expires_at=None, never_expires=changes.values["retention_days"] == 0)',
        'after.update(expire_date_time=None, expires_at=None, never_expires=changes.values["retention_days"] <= 0)',
    ): "less than 0 days are refused before",
    (
        "module_utils/_image_cache/plan.py",
        'may = desired.on_change != "fail" or cache.status == FAILED',
        'may = desired.on_change > "fail" or cache.status == FAILED',
    ): "the other choices, replace and update, come after it in the alphabet",
    (
        "module_utils/_image_cache/plan.py",
        'return desired.recreate_failed and desired.on_change != "fail" and not Successor(desired, cache).missing',
        'return desired.recreate_failed and desired.on_change > "fail" and not Successor(desired, cache).missing',
    ): "the other choices, replace and update, come after it in the alphabet",
    (
        "module_utils/_image_cache/plan.py",
        "return one is other if one is None or other is None else row.same(one, other)",
        "return one is other if one is None and other is None else row.same(one, other)",
    ): "to a row, too, None is another value",
    (
        "module_utils/_set.py",
        'if params["on_error"] == "stop" and run.error is not None:',
        'if params["on_error"] >= "stop" and run.error is not None:',
    ): "the other choice, continue, comes before it in the alphabet",
    (
        "module_utils/_set.py",
        "if run is None or journal is None:",
        "if run is None and journal is None:",
    ): "both are set together",
    (
        "module_utils/_reconcile/applying.py",
        "if step.action == CREATE:",
        "if step.action <= CREATE:",
    ): "create is the first action in the alphabet",
    (
        "plugin_utils/_report/inputs.py",
        "price = -1.0",
        "price = - 2.0",
    ): "every negative price is refused",
    (
        "plugin_utils/_report/page.py",
        'return {"region": len(data["regions"]) > 1, "prune": bool(data["rules"])}.get(column, True)',
        'return {"region": len(data["regions"]) != 1, "prune": bool(data["rules"])}.get(column, True)',
    ): "there is at least one region",
    (
        "plugin_utils/_workloads/cache_names.py",
        "is_unique = kind in KINDS and sum(word in WORDS for word in inner) == 1",
        "is_unique = kind in KINDS and sum(word in WORDS for word in inner) <= 1",
    ): "the kind itself is one of the words",
    (
        "module_utils/_registry/access.py",
        "return False",
        "return None",
    ): FALSY,
    (
        "module_utils/_registry/lookup.py",
        "if self.depth is Depth.DIGEST:",
        "if self.depth <= Depth.DIGEST:",
    ): "it is the lowest depth",
    (
        "module_utils/_registry/challenges.py",
        "position = 0",
        "position = -1",
    ): "a pattern reads a position below 0 as 0",
    (
        "module_utils/_registry/lookup.py",
        "manifest = self._read(digest) if self.depth is Depth.SIZES else None",
        "manifest = self._read(digest) if self.depth >= Depth.SIZES else None",
    ): "it is the highest depth",
    (
        "module_utils/_registry/lookup.py",
        "if manifest is not None and self.depth is Depth.SIZES:",
        "if manifest is not None and self.depth >= Depth.SIZES:",
    ): "it is the highest depth",
    (
        "plugin_utils/_push_events.py",
        "return False",
        "return None",
    ): FALSY,
    (
        "module_utils/_image_cache/times.py",
        "@functools.lru_cache(maxsize=4096)",
        "@functools.lru_cache(maxsize= 4095)",
    ): "it changes only which times are parsed again",
    (
        "module_utils/_image_cache/times.py",
        "@functools.lru_cache(maxsize=4096)",
        "@functools.lru_cache(maxsize= 4097)",
    ): "it changes only which times are parsed again",
    (
        "module_utils/_reconcile/applying.py",
        "elif step.action == RENAME:",
        "elif step.action <= RENAME:",
    ): "only update is left, which comes after it in the alphabet",
    (
        "module_utils/_reconcile/journal.py",
        "self.since = 0.0",
        "self.since = 1.0",
    ): "the first step sets it",
    (
        "module_utils/_reconcile/journal.py",
        "self.since = 0.0",
        "self.since = -1.0",
    ): "the first step sets it",
    (
        "plugin_utils/_in_process.py",
        "return bool(boolean(self._templar.template(task_vars.get(variable, True)), strict=True))",
        "return bool(boolean(self._templar.template(task_vars.get(variable, True))))",
    ): "it is the default",
    (
        "plugin_utils/_workloads/serving.py",
        "return found[0]",
        "return found[ -1]",
    ): "there is one",
    (
        "module_utils/_api/certificates.py",
        "@functools.lru_cache(maxsize=16)",
        "@functools.lru_cache(maxsize= 15)",
    ): "a process uses a few bundles",
    (
        "module_utils/_api/certificates.py",
        "@functools.lru_cache(maxsize=16)",
        "@functools.lru_cache(maxsize= 17)",
    ): "a process uses a few bundles",
    (
        "module_utils/_api/certificates.py",
        "bundle = next((environment[name] for name in VARIABLES if environment.get(name)), True)",
        "bundle = next((environment[name] for name in VARIABLES if environment.get(name)), False)",
    ): "a value that is not a path selects the default bundle",
    (
        "module_utils/_api/connections.py",
        "self._left -= count or 0",
        "self._left -= count or -1",
    ): "only the end of a response has no bytes, and nothing follows it",
    (
        "module_utils/_api/exchange.py",
        "CHUNK_BYTES = 64 * 1024",
        "CHUNK_BYTES = 63 * 1024",
    ): "the body is read in other pieces",
    (
        "module_utils/_api/listing.py",
        "whole = totals == {len(found)} and offset == len(found)",
        "whole = totals <= {len(found)} and offset == len(found)",
    ): "each page has a total, so there is at least one",
    (
        "module_utils/_api/listing.py",
        "whole = totals == {len(found)} and offset == len(found)",
        "whole = totals == {len(found)} and offset >= len(found)",
    ): "the pages have at least as many caches as there are ids",
    (
        "module_utils/_api/transport.py",
        "connections: int = 1,",
        "connections: int = 0,",
    ): "it is the number of kept connections, and a number below 1 means no limit",
    (
        "module_utils/_api/connections.py",
        'if not verify or not url.lower().startswith("https:") or (conn.proxy and conn.proxy.scheme == "https"):',
        'if not verify or not url.lower().startswith("https:") or (conn.proxy and conn.proxy.scheme >= "https"):',
    ): "the other scheme, http, comes before it in the alphabet",
    (
        "module_utils/_api/exchange.py",
        "CHUNK_BYTES = 64 * 1024",
        "CHUNK_BYTES = 64 * 1023",
    ): "the body is read in other pieces",
    (
        "module_utils/_module.py",
        "return results[-1]",
        "return results[- 0]",
    ): "a module has one result",
    (
        "module_utils/_credentials/sts.py",
        "def call(self, action: str, parameters: Mapping[str, Any], deadline: Deadline, *, writes: bool = False)"
        " -> Answer:",
        "def call(self, action: str, parameters: Mapping[str, Any], deadline: Deadline, *, writes: bool = True)"
        " -> Answer:",
    ): "it only declares the method",
    (
        "module_utils/_secrets.py",
        "if value is None or isinstance(value, (bool, int, float)):",
        "if value is None and isinstance(value, (bool, int, float)):",
    ): "the last line returns these values, too",
    (
        "module_utils/_diagnosis/build.py",
        "reached = [STEPS.get(event.reason.lower(), -1) for event in cache.events if not event.is_warning]",
        "reached = [STEPS.get(event.reason.lower(), ~1) for event in cache.events if not event.is_warning]",
    ): NO_STEP,
    (
        "module_utils/_diagnosis/build.py",
        "reached = [STEPS.get(event.reason.lower(), -1) for event in cache.events if not event.is_warning]",
        "reached = [STEPS.get(event.reason.lower(), - 2) for event in cache.events if not event.is_warning]",
    ): NO_STEP,
    (
        "module_utils/_diagnosis/build.py",
        "return CHAIN[max(reached)] if max(reached, default=-1) >= 0 else None",
        "return CHAIN[max(reached)] if max(reached, default=~1) >= 0 else None",
    ): NO_STEP,
    (
        "module_utils/_diagnosis/build.py",
        "return CHAIN[max(reached)] if max(reached, default=-1) >= 0 else None",
        "return CHAIN[max(reached)] if max(reached, default=- 2) >= 0 else None",
    ): NO_STEP,
    (
        "module_utils/_api/connections.py",
        "self.close()",
        "pass",
    ): "urllib3 closes the connection of a failed request, too",
    (
        "module_utils/_api/rate_limiter.py",
        "if len(allowed) == self._most:",
        "if len(allowed) >= self._most:",
    ): "the queue never has more entries",
}

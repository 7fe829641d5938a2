# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark measures."""

from __future__ import annotations

# The number of image caches, and the images that they share.
MANY, IMAGES = 100, 30
# The emulator: requests per second for each action, and seconds of a build and of a request.
RATE, BUILD, LATENCY = 20, 5.0, 0.05
# The tasks in the playbook that measures the cost of one more task.
TASKS = 21
# The numbers of image caches in large sets, and the one that has a target.
SCALE, LARGE = (250, 500, 1000, 2000, 10000), 2000

# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of style: those of antsibull-nox.toml, and those that antsibull-nox does not have."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import antsibull_nox
import nox

nox.options.envdir = ".cache/nox"
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "uv|virtualenv"

# The sessions put the collection and Ansible's settings into the place that each needs.
for variable in ("PYTHONPATH", "ANSIBLE_CONFIG"):
    os.environ.pop(variable, None)

antsibull_nox.load_antsibull_nox_toml()

# The sessions below use the environment of nox, which `make` creates from requirements-dev.txt.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


@nox.session(python=False)
def guides(session: nox.Session) -> None:
    """Run ansible-lint on the playbooks of the guides and of the READMEs."""
    playbooks = Path(session.create_tmp())
    for old in playbooks.glob("*.yml"):
        old.unlink()
    session.run("python", "-m", "stories.examples", str(playbooks), env={"PYTHONPATH": "tests"})
    collections = [Path(".cache/collections").absolute(), Path("tests/stories/collections").absolute()]
    session.run(
        *("ansible-lint", "--offline", "--strict", "-c", ".ansible-lint", "--project-dir", str(playbooks)),
        *(str(playbook) for playbook in sorted(playbooks.glob("*.yml"))),
        env={"ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(str(folder) for folder in collections)},
    )


@nox.session(python=False)
def spelling(session: nox.Session) -> None:
    """Run codespell."""
    session.run("codespell")


@nox.session(python=False)
def changelog(session: nox.Session) -> None:
    """Run antsibull-changelog lint."""
    session.run("antsibull-changelog", "lint")


# The schemas that check-jsonschema has for the files of GitHub.
SCHEMAS = (
    ("vendor.github-workflows", "workflows/*.yml"),
    ("custom.github-workflows-require-timeout", "workflows/*.yml"),
    ("vendor.dependabot", "dependabot.yml"),
    ("vendor.github-issue-forms", "ISSUE_TEMPLATE/[!c]*.yml"),
    ("vendor.github-issue-config", "ISSUE_TEMPLATE/config.yml"),
)


@nox.session(python=False)
def workflows(session: nox.Session) -> None:
    """Check the files of GitHub against their schemas, and the workflows with zizmor."""
    for schema, pattern in SCHEMAS:
        files = sorted(str(file) for file in Path(".github").glob(pattern))
        session.run("check-jsonschema", "--quiet", "--builtin-schema", schema, *files)
    session.run("zizmor", "--offline", "--quiet", "--persona", "pedantic", ".github")

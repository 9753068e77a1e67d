"""What to do about a git revision that a clone does not have: those of CI have few branches, and little history."""

from __future__ import annotations

from collections.abc import Collection

DEEPEN = "fetch the whole history (`git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout)"


def why_unknown(reference: str, branches: Collection[str], remotes: Collection[str], *, shallow: bool) -> str:
    """Return the continuation of the message that a revision is unknown; empty if nothing is known of it.

    `branches` are the short names of the branches and tags, such as `main` and `origin/main`.
    """
    for name in remotes:
        if f"{name}/{reference}" in branches:
            return f" (did you mean `{name}/{reference}`?)"
    remote, _, branch = reference.partition("/")
    if branch and remote in remotes and not set(branch) & set("~^@:"):
        deepen, action = (" --unshallow", ", or `fetch-depth: 0` for actions/checkout") if shallow else ("", "")
        return f": fetch it with `git fetch{deepen} {remote} {branch}:refs/remotes/{reference}`{action}"
    if shallow:
        return f": this clone is shallow, {DEEPEN}"
    from difflib import get_close_matches  # only needed for errors

    alike = get_close_matches(reference, branches, 1)
    return f" (did you mean `{alike[0]}`?)" if alike else ""

"""What Wagtail does when its workflow ends well (``WAGTAIL_FINISH_WORKFLOW_ACTION``).

It stands alone and imports late: Wagtail loads it while models are still being made.
"""

from __future__ import annotations

from typing import Any


def publish_approved(workflow_state: Any, user: Any = None) -> None:
    """Publish the very revision that was approved, through our own publishing."""
    from consent.notices.publishing import publish_revision

    publish_revision(workflow_state.current_task_state.revision, user=user)

"""Background work: a job is a value (what to run, what to do with the answer), the runner owns threads."""

from __future__ import annotations

from pellucid.jobs.job import Cancelled, Job, JobState
from pellucid.jobs.runner import Runner

__all__ = ["Cancelled", "Job", "JobState", "Runner"]

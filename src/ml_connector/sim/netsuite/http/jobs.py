"""Asynchronous execution: jobs, tasks and idempotency keys (reference 10.5-10.7)."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from ml_connector.sim.netsuite.books.books import TellsTime
from ml_connector.sim.netsuite.values import instants
from ml_connector.sim.netsuite.values.messages import (
    ENCODER,
    Answer,
    Request,
    answer_json,
    answer_refusal,
)
from ml_connector.sim.netsuite.values.refusal import Refusal, invalid_request, not_found

PREFIX: Final = "/services/rest/async/v1/job/"
MAX_BATCH: Final = 100
_BATCH: Final = "type=collection"
_PATH: Final = re.compile(r"(?P<job>\d+)(?:/task/?(?:(?P<task>\d+)(?P<result>/result)?)?)?/?")


@dataclass(slots=True)
class Task:
    """One piece of a job and, once it ran, its answer."""

    id: int
    request: Request
    answer: Answer | None = None
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(slots=True)
class Job:
    """A submitted request; a batch has one task for each record."""

    id: int
    owner: str
    tasks: list[Task] = field(default_factory=list)

    @property
    def completed(self) -> bool:
        """Whether every task has run."""
        return all(task.answer is not None for task in self.tasks)


class JobService:
    """Takes requests that prefer to be answered later.

    The work is done when somebody first looks at the job, or by ``run``: a job is always seen
    pending once.

    Args:
        clock: for start and end times.
        work: answers a request as the synchronous call would.
    """

    def __init__(self, clock: TellsTime, work: Callable[[Request], Answer]) -> None:
        self._clock = clock
        self._work = work
        self._jobs: dict[int, Job] = {}
        self._keys: dict[tuple[str, str], int] = {}
        self._next = 1

    def wanted(self, request: Request) -> bool:
        """Whether the request asks for asynchronous execution."""
        return "respond-async" in request.headers.get("prefer", "").lower()

    def submit(self, request: Request, owner: str) -> Answer:
        """202 with the job's address.

        Raises:
            Refusal: the idempotency key was used before; its Location is the first job.
        """
        key = request.headers.get("x-netsuite-idempotency-key")
        if key is not None and (owner, key) in self._keys:
            raise Refusal(
                400,
                "IDEMPOTENCY_ERROR",
                "A request with the same idempotency key is already submitted. See the "
                '"Location" header for a link to the previously submitted job',
                title="Conflict",
                headers=self._headers(request, self._keys[owner, key]),
            )
        requests = _split(request)
        job = Job(self._next, owner)
        self._next += 1
        job.tasks = [Task(number, part) for number, part in enumerate(requests, 1)]
        self._jobs[job.id] = job
        if key is not None:
            self._keys[owner, key] = job.id
        return Answer(202, b"", self._headers(request, job.id))

    def _headers(self, request: Request, job: int) -> dict[str, str]:
        return {
            "Preference-Applied": "respond-async",
            "Location": f"{request.origin}{PREFIX}{job}",
        }

    def answer(self, request: Request, owner: str) -> Answer:
        """GET of a job, its tasks, a task, or a task's result.

        Raises:
            Refusal: unknown job or task, or a result that isn't there yet.
        """
        if request.method != "GET":
            raise invalid_request("GET is wanted.", status=405)
        match = _PATH.fullmatch(request.path.removeprefix(PREFIX))
        job = self._jobs.get(int(match["job"])) if match else None
        if match is None or job is None or job.owner != owner:
            raise not_found()
        root = f"{request.origin}{PREFIX}{job.id}"
        if "/task" not in request.path:
            shown = answer_json(_job(job, root))
            self.run(job.id)
            return shown
        if match["task"] is None:
            items = [_task(task, root) for task in job.tasks]
            return answer_json({"items": items, "totalResults": len(items)})
        if not 1 <= int(match["task"]) <= len(job.tasks):
            raise not_found()
        task = job.tasks[int(match["task"]) - 1]
        if match["result"] is None:
            return answer_json(_task(task, root))
        if task.answer is None:
            raise not_found()
        return task.answer

    def run(self, job_id: int) -> None:
        """Do a job's work now."""
        for task in self._jobs[job_id].tasks:
            if task.answer is None:
                task.started = self._clock.now()
                try:
                    task.answer = self._work(task.request)
                except Refusal as refusal:
                    task.answer = answer_refusal(refusal)
                task.ended = self._clock.now()


def _split(request: Request) -> list[Request]:
    """A batch is one request for each record (10.6); anything else is one request."""
    preferences = [part.strip() for part in request.headers.get("prefer", "").split(",")]
    kept = [part for part in preferences if part.lower() != "respond-async"]
    headers = {**request.headers, "prefer": ", ".join(kept)}
    if _BATCH not in request.headers.get("content-type", "").replace(" ", ""):
        return [replace(request, headers=headers)]
    body = request.json()
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_BATCH:
        raise invalid_request(f"A batch takes 1 to {MAX_BATCH} records.")
    if "!transform" in request.path:
        raise invalid_request("A transformation cannot run as a batch.")
    parts = []
    for item in items:
        path = request.path
        if request.method in ("PATCH", "DELETE", "PUT") and isinstance(item, dict):
            key = item.get("id")
            if key is None and item.get("externalId") is not None:
                key = f"eid:{item['externalId']}"
            path = f"{path}/{key}"
        parts.append(replace(request, headers=headers, path=path, body=ENCODER.encode(item)))
    return parts


def _link(url: str) -> list[dict[str, str]]:
    return [{"rel": "self", "href": url}]


def _job(job: Job, root: str) -> dict[str, object]:
    return {
        "links": _link(root),
        "completed": job.completed,
        "id": str(job.id),
        "progress": "succeeded" if job.completed else "pending",
        "task": {"links": _link(f"{root}/task")},
    }


def _task(task: Task, root: str) -> dict[str, object]:
    url = f"{root}/task/{task.id}"
    answer = task.answer
    progress = "pending"
    if answer is not None:
        progress = "succeeded" if answer.status < 400 else "failed"  # noqa: PLR2004
    related = [{"rel": "related", "href": f"{url}/result"}] if answer is not None else []
    shown: dict[str, object] = {
        "links": related + _link(url),
        "completed": answer is not None,
        "id": str(task.id),
        "progress": progress,
    }
    for name, moment in (("startTime", task.started), ("endTime", task.ended)):
        if moment is not None:
            shown[name] = instants.utc_text(moment)
    return shown

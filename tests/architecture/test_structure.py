"""The structure keeps its promises: actions, queues, migrations, and what nothing may cascade into."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.migrations.loader import MigrationLoader

from consent.models import ConsentEvent, ConsentState, Evidence
from portal.celery import app
from portal.jobs.queues import WORKERS, Queue, queue_of
from portal.models import AuditEntry, Seal, SealBlock, Verification

ROOT = Path(settings.BASE_DIR)
APPS = ("portal", "subscribers", "consent", "compliance")
ACTION_FILES = [path for name in APPS for path in sorted((ROOT / name).rglob("actions.py"))]


@dataclass
class Module:
    """The functions of one file, and the files its other names come from."""

    functions: dict[str, ast.FunctionDef]
    imported: dict[str, Path]


@cache
def module(path: Path) -> Module:
    tree = ast.parse(path.read_text())
    imported = {
        alias.asname or alias.name: source
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in APPS
        for alias in node.names
        if (source := ROOT / (node.module.replace(".", "/") + ".py")).exists()
    }
    return Module({node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}, imported)


def calls(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def is_audited(name: str, path: Path, seen: frozenset[tuple[str, Path]] = frozenset()) -> bool:
    """Whether this function records an audit entry, itself or through a function it calls, here or elsewhere."""
    here = module(path)
    if (name, path) in seen or name not in here.functions:
        return False
    for call in calls(here.functions[name]):
        if call == "audit.record" or is_audited(call, path, seen | {(name, path)}):
            return True
        if call in here.imported and is_audited(call, here.imported[call], seen | {(name, path)}):
            return True
    return False


@pytest.mark.parametrize("path", ACTION_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_actions_take_their_actor_by_keyword_and_are_audited(path: Path) -> None:
    for name, function in module(path).functions.items():
        keyword_only = [argument.arg for argument in function.args.kwonlyargs]
        if "actor" not in keyword_only:
            continue
        assert not function.args.args, f"{name} takes its arguments by keyword only"
        assert all(argument.annotation for argument in function.args.kwonlyargs), f"{name} is typed"
        assert ast.get_docstring(function) or len(function.body) < 8, f"{name} says what it does"
        if not name.startswith("purge_"):
            assert is_audited(name, path), f"{name} leaves no audit entry"


def test_every_task_has_a_queue_with_a_worker_and_a_time_limit() -> None:
    app.loader.import_default_modules()
    listened = {queue.name for queue in app.conf.task_queues}
    assert listened == set(Queue.values)
    assert sorted(queue for worker in WORKERS for queue in worker.queues) == sorted(Queue), "one worker each"
    ours = [task for name, task in app.tasks.items() if name.split(".")[0] in APPS]
    assert ours
    for task in ours:
        assert queue_of(task.name) in listened, f"{task.name} names no queue that has a worker"
        limit = task.time_limit or app.conf.task_time_limit
        assert limit, f"{task.name} has no time limit"


def test_migrations_are_linear() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    for label in ("portal", "subscribers", "consent"):
        assert len(loader.graph.leaf_nodes(label)) == 1


@pytest.mark.parametrize("model", [Evidence, ConsentEvent, ConsentState, AuditEntry, Seal, SealBlock, Verification])
def test_nothing_cascades_into_the_proof(model: type[models.Model]) -> None:
    for field in model._meta.get_fields():
        if isinstance(field, models.ForeignKey):
            assert field.remote_field.on_delete in (models.PROTECT, models.DO_NOTHING), field.name


def test_every_tenant_model_is_guarded() -> None:
    for name in APPS:
        for model in apps.get_app_config(name).get_models():
            names = {field.name for field in model._meta.get_fields()}
            if "organisation" not in names or model._meta.label in UNSCOPED:
                continue
            with pytest.raises(Exception, match="scope"):
                model._default_manager.count()


# The audit log, its seals, mail and tokens also hold rows of the host itself, so their queries name the organisation;
# the roots of the notices are read by Wagtail, behind the fence of `consent.notices.fence`.
UNSCOPED = {
    "consent.NoticeRoot",
    "portal.ApiToken",
    "portal.AuditEntry",
    "portal.OrganisationKey",
    "portal.OutgoingMail",
    "portal.Seal",
    "portal.SealBlock",
    "portal.Verification",
}

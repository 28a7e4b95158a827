"""Tags: making, changing and deleting them, and reading those of the SIMs on a screen."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Lower

from sims.models import SimTag, Tag, Tagging
from users import audit
from users.models import User

MOST_TAGS = 1000
MOST_TO_TICK = 100
COUNTED_UP_TO = 10_000


class NameTaken(Exception):
    """Another tag has this name already, whatever its case."""


def make_tag(*, user: User, name: str, colour: str) -> Tag:
    """A new tag; raises NameTaken."""
    try:
        with transaction.atomic():
            tag = Tag.objects.create(name=name, colour=colour, created_by=user)
            audit.record(user, "tag.create", name, tag=tag.pk, colour=colour)
    except IntegrityError as error:
        raise NameTaken from error
    return tag


def change_tag(*, tag: Tag, user: User, name: str, colour: str) -> None:
    """Another name or colour; every SIM that wears it shows that at once. Raises NameTaken."""
    if (tag.name, tag.colour) == (name, colour):
        return
    old = {"name": tag.name, "colour": tag.colour}
    tag.name, tag.colour = name, colour
    try:
        with transaction.atomic():
            tag.save(update_fields=["name", "colour"])
            audit.record(user, "tag.change", name, tag=tag.pk, old=old, colour=colour)
    except IntegrityError as error:
        raise NameTaken from error


def delete_tag(*, tag: Tag, user: User) -> Tagging:
    """Take the tag away at once; the rows of the SIMs that wore it are cleared by the work that is returned."""
    with transaction.atomic():
        number, name = tag.pk, tag.name
        Tag.objects.filter(pk=number).delete()
        audit.record(user, "tag.delete", name, tag=number)
        return Tagging.objects.create(verb=Tagging.Verb.CLEAR, tag_ids=[number], words=name, requested_by=user)


class TagToTick(NamedTuple):
    """What a tick of a form needs of a tag."""

    pk: int
    name: str
    colour: str


def all_tags() -> list[Tag]:
    """Those to tick in a form, by name; where there are more, the others are named in its field."""
    return list(Tag.objects.all()[:MOST_TO_TICK])


class _CappedCount(Subquery):
    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def tags_with_counts(accounts: Collection[int] | None = None) -> QuerySet[Tag]:
    """Every tag with `worn_by`, the number of its SIMs (in `accounts`), counted just over 10,000; one query."""
    worn = SimTag.objects.filter(tag=OuterRef("pk"))
    if accounts is not None:
        worn = worn.filter(sim__account__in=accounts)
    some = worn.order_by().values("sim")[: COUNTED_UP_TO + 1]
    return Tag.objects.annotate(worn_by=_CappedCount(some))


def tag_named(name: str) -> Tag | None:
    """The tag of this name, whatever its case."""
    return Tag.objects.annotate(lower=Lower("name")).filter(lower=Lower(Value(name))).first()


def tags_on(sim_ids: Iterable[int]) -> dict[int, list[Tag]]:
    """The tags of each SIM, by name; one query however many SIMs there are."""
    worn: dict[int, list[Tag]] = {pk: [] for pk in sim_ids}
    if worn:
        rows = SimTag.objects.filter(sim__in=list(worn), tag__name__isnull=False)
        for row in rows.select_related("tag").order_by(Lower("tag__name")):
            worn[row.sim_id].append(row.tag)
    return worn

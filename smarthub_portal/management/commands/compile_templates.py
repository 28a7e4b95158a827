from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template import TemplateSyntaxError
from django.template.loader import get_template


class Command(BaseCommand):
    help = "Compiles every template; fails with the name of each that does not."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.BASE_DIR / "templates")
        problems = []
        for path in sorted(folder.rglob("*.html")):
            try:
                get_template(str(path.relative_to(folder)))
            except TemplateSyntaxError as error:
                problems.append(f"{path.relative_to(folder)}: {error}")
        if problems:
            raise CommandError("\n".join(problems))

from tests.sims.views.conftest import anonymous, client, user

__all__ = ["anonymous", "client", "user"]

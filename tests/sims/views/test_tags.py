import pytest

from sims import tagging, tags
from sims.models import Sim, SimTag, Tag, Tagging
from tests.page import alerts, errors, giccids, htmx, text
from tests.sims.fleet import make_sim, make_sims
from users.models import AuditEntry, User

URL, MANY = "/sims/tags/", "/sims/tagging/"


@pytest.fixture
def tag(user):
    return tags.make_tag(user=user, name="cold chain", colour="green")


@pytest.fixture
def manager(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("mara", role=User.Role.MANAGER))
    return client


def worn(sim):
    return [tag.name for tag in tags.tags_on([sim.pk])[sim.pk]]


def test_the_page_of_tags_names_each_with_its_sims(client, user, tag):
    make_sims(3)
    tagging.tag_sims(user=user, verb=Tagging.Verb.ADD, tags=[tag], sims=Sim.objects.all())
    page = client.get(URL)
    assert "cold chain 3 SIMs" in text(page)
    assert 'data-total="1"' in page.content.decode()
    assert f'href="/sims/?tag={tag.pk}"' in page.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_tags_are_a_fixed_number_of_queries(client, user, count, django_assert_num_queries):
    for number in range(count):
        tags.make_tag(user=user, name=f"tag {number}", colour="blue")
    with django_assert_num_queries(7):
        client.get(URL)


def test_support_makes_a_tag(client):
    answer = client.post(URL, {"name": "  Volvo  FH ", "colour": "blue"}, follow=True)
    assert alerts(answer) == ["There is a tag “Volvo FH” now."]
    assert Tag.objects.get().colour == "blue"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x" * 300, "A tag has at most 60 characters; this has 300."),
        ("COLD chain", "There is a tag of this name already; capital and small letters make no difference."),
    ],
)
def test_a_name_that_cannot_be_says_so_in_the_form(client, tag, name, message):
    answer = client.post(URL, {"name": name, "colour": "blue"})
    assert answer.status_code == 422
    assert errors(answer) == [message]
    assert Tag.objects.count() == 1


def test_there_is_an_end_to_tags(client, tag, monkeypatch):
    from sims import tag_forms

    monkeypatch.setattr(tag_forms, "MOST_TAGS", 1)
    answer = client.post(URL, {"name": "one more", "colour": "blue"})
    assert "delete one first" in errors(answer)[0]


def test_a_name_is_text_not_markup(client):
    client.post(URL, {"name": "<b>bold</b>", "colour": "red"})
    assert "&lt;b&gt;bold&lt;/b&gt;" in client.get(URL).content.decode()


def test_only_managers_and_admins_rename_and_delete(client, tag):
    assert client.get(f"{URL}{tag.pk}/").status_code == 403
    assert client.post(f"{URL}{tag.pk}/", {"name": "other", "colour": "red"}).status_code == 403
    assert client.post(f"{URL}{tag.pk}/delete/").status_code == 403
    assert "Edit" not in text(client.get(URL))
    assert Tag.objects.get().name == "cold chain"


def test_a_manager_renames_and_deletes(manager, tag):
    assert "cold chain" in text(manager.get(f"{URL}{tag.pk}/"))
    assert manager.post(f"{URL}{tag.pk}/", {"name": "warm chain", "colour": "red"})["Location"] == URL
    tags.make_tag(user=User.objects.get(username="mara"), name="spare", colour="grey")
    assert manager.post(f"{URL}{tag.pk}/", {"name": "SPARE", "colour": "red"}).status_code == 422
    answer = manager.post(f"{URL}{tag.pk}/delete/", follow=True)
    assert alerts(answer) == ["The tag “warm chain” is gone, from every SIM that wore it."]
    assert manager.post(f"{URL}{tag.pk}/delete/").status_code == 404


@pytest.mark.parametrize("path", [URL, "/sims/tagging/", "/sims/1001/tags/"])
def test_behind_login(db, anonymous, path):
    assert anonymous.post(path)["Location"].startswith("/login/")


def test_methods(client, tag):
    assert client.get(MANY).status_code == 405
    assert client.get(f"{URL}{tag.pk}/delete/").status_code == 405
    assert client.put(URL).status_code == 405


def test_big_taggings_are_followed_alone(client, user, tag):
    work = Tagging.objects.create(verb="add", tag_ids=[tag.pk], words="all SIMs", requested_by=user, last_sim=10)
    part = client.get(URL, headers=htmx("taggings"))
    assert f'data-tagging="{work.pk}" data-state="queued"' in part.content.decode()
    assert 'hx-trigger="every 2s"' in part.content.decode()
    assert "<main" not in part.content.decode()
    Tagging.objects.update(state="finished", asked_up_to=10)
    assert "every 2s" not in client.get(URL, headers=htmx("taggings")).content.decode()


def test_ticked_rows_are_tagged_and_the_list_comes_back(client, tag):
    one, two, three = make_sims(3)
    sent = {"sim": [one.giccid, two.giccid], "tag": tag.pk, "verb": "add", "query": "status=ACTIVATED&rows=100"}
    answer = client.post(MANY, sent)
    assert answer["Location"] == "/sims/?status=ACTIVATED&rows=100"
    assert alerts(client.get(answer["Location"]))[0] == "“cold chain” put on 2 SIMs."
    assert (worn(one), worn(two), worn(three)) == (["cold chain"], ["cold chain"], [])
    assert AuditEntry.objects.get(action="sim.tag").username == "jonas"


def test_a_new_name_becomes_a_tag_and_an_old_one_is_found(client, tag):
    (sim,) = make_sims(1)
    client.post(MANY, {"sim": sim.giccid, "new_tag": "spare", "verb": "add"})
    client.post(MANY, {"sim": sim.giccid, "new_tag": "COLD CHAIN", "verb": "add"})
    assert worn(sim) == ["cold chain", "spare"]
    client.post(MANY, {"sim": sim.giccid, "new_tag": "Spare", "verb": "remove"})
    assert worn(sim) == ["cold chain"]


def test_the_list_is_filtered_by_a_tag(client, user, tag):
    one = make_sims(3)[0]
    tagging.tag_sims(user=user, verb=Tagging.Verb.ADD, tags=[tag], sims=Sim.objects.filter(pk=one.pk))
    assert giccids(client.get("/sims/", {"tag": tag.pk})) == [one.giccid]
    gone = client.get("/sims/", {"tag": 99999})
    assert giccids(gone) == []
    assert errors(gone) == ["Tag: There is no tag “99999”."]


def test_everything_that_matches_is_tagged(client, tag):
    make_sims(3)
    off = make_sim("1001", status="DEACTIVATED")
    answer = client.post(MANY, {"everything": "1", "query": "status=DEACTIVATED", "tag": tag.pk, "verb": "add"})
    assert answer.status_code == 302
    assert list(SimTag.objects.values_list("sim", flat=True)) == [off.pk]


def test_very_much_is_tagged_behind_the_page(client, tag, monkeypatch):
    monkeypatch.setattr(tagging, "AT_ONCE", 2)
    make_sims(3)
    answer = client.post(MANY, {"everything": "1", "query": "", "tag": tag.pk, "verb": "add"}, follow=True)
    assert "being put on more than 10,000 SIMs" in alerts(answer)[0]
    assert Tagging.objects.get().state == "queued"


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"sim": "1001", "verb": "add"}, "No tag was chosen, so nothing was changed."),
        ({"sim": "1001", "verb": "add", "new_tag": "x" * 300}, "A tag has at most 60 characters; this has 300."),
        ({"verb": "add", "new_tag": "spare"}, "No SIM was ticked, so nothing was changed."),
        ({"sim": "\x00'--", "verb": "add", "new_tag": "spare"}, "No SIM was ticked, so nothing was changed."),
        ({"sim": "1001", "verb": "remove", "new_tag": "nope"}, "There is no tag “nope” to take off."),
        (
            {"everything": "1", "query": "account=nobody", "verb": "add", "new_tag": "spare"},
            "Account: There is no account “nobody”.",
        ),
        (
            {"everything": "1", "query": "status=%00", "verb": "add", "new_tag": "spare"},
            "Status: A value of this filter is damaged.",
        ),
    ],
)
def test_what_cannot_be_tagged_says_why_and_changes_nothing(client, sent, message):
    make_sim("1001")
    answer = client.post(MANY, sent)
    assert answer.status_code == 422
    assert errors(answer) == [message]
    assert not Tag.objects.exists()
    assert not SimTag.objects.exists()


def test_an_unknown_verb_or_tag_changes_nothing(client, tag):
    sim = make_sim("1001")
    assert client.post(MANY, {"sim": "1001", "tag": tag.pk, "verb": "explode"}).status_code == 422
    assert client.post(MANY, {"sim": "1001", "tag": "99999", "verb": "add"}).status_code == 422
    assert worn(sim) == []


def test_what_was_ticked_is_kept_beside_an_error(client):
    make_sim("1001")
    page = client.post(MANY, {"sim": "1001", "verb": "add", "query": "q=10"}).content.decode()
    assert '<input type="hidden" name="sim" value="1001">' in page
    assert '<input type="hidden" name="query" value="q=10">' in page


def test_one_sims_tags_are_set_as_a_whole(client, user, tag):
    sim, spare = make_sim("1001"), tags.make_tag(user=user, name="spare", colour="grey")
    client.post("/sims/1001/tags/", {"tag": [tag.pk], "new_tag": "unpaid Oct"})
    assert worn(sim) == ["cold chain", "unpaid Oct"]
    page = client.get("/sims/1001/tags/").content.decode()
    assert f'value="{tag.pk}" checked' in page
    assert f'value="{spare.pk}">' in page
    assert client.post("/sims/1001/tags/", {})["Location"] == "/sims/1001/"
    assert worn(sim) == []
    actions = list(AuditEntry.objects.filter(target="1001").order_by("id").values_list("action", flat=True))
    assert actions == ["sim.tag", "sim.untag"]
    assert client.post("/sims/1001/tags/", {"new_tag": "x" * 300}).status_code == 422
    assert client.get("/sims/999/tags/").status_code == 404


def test_the_sims_page_shows_its_tags(client, user, tag):
    make_sim("1001")
    tagging.tag_sims(user=user, verb=Tagging.Verb.ADD, tags=[tag], sims=Sim.objects.all())
    page = client.get("/sims/1001/").content.decode()
    assert page.count("sp-tag-green") == 2
    assert "cold chain" in text(client.get("/sims/1001/"))


def test_the_list_has_ticks_and_a_bar_that_is_a_plain_form(client, tag):
    make_sims(2)
    page = client.get("/sims/?status=ACTIVATED").content.decode()
    assert page.count('name="sim"') == 2 + page.count('type="hidden" name="sim"')
    assert '<form id="selection" class="sp-selection" method="post" action="/sims/tagging/"' in page
    assert '<input type="hidden" name="query" value="status=ACTIVATED">' in page
    assert "Select all 2 matching" in page

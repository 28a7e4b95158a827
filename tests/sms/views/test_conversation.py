from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from enterprise.scope import limit_to
from sms.intake import receive_mo
from sms.models import Conversation, DeviceValue, Message, Template
from tests.page import alerts, errors, htmx, text
from tests.sims.fleet import make_account, make_sim
from toolkit import live
from users.models import AuditEntry

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script> \u202eevil\u202c \x07"


def hear(sim, content, number=1, **facts):
    values = {"from_giccid": None, "from_msisdn": None, "encoding": "TEXT", "received_at": None, "push_id": 1}
    return receive_mo(**{**values, "giccid": sim.giccid, "sms_id": f"mo-{number}", "content": content, **facts})


def url(sim, rest=""):
    return f"/sms/{sim.giccid}/{rest}"


def nav_count(response) -> tuple[str, str]:
    """The count beside SMS in the side bar, and whether it is hidden."""
    html = response.content.decode()
    found = re.search(
        r'<span class="sp-nav-count sp-count-info" data-live="unread"[^>]*?( hidden)?>([\d,]+)</span>', html
    )
    return found[2], (found[1] or "").strip()


def send(browser, sim, content="STATUS", encoding="text", **more):
    fields = {key: more.pop(key) for key in ("expect", "expect_within", "template") if key in more}
    return browser.post(url(sim, "send/"), {"content": content, "encoding": encoding, **fields}, **more)


class TestConversation:
    def test_both_directions_stand_in_order_of_time(self, browser, sim, mt):
        now = timezone.now()
        mt(content="STATUS", at=now - timedelta(minutes=5), state="delivered", settled_at=now, finished_at=now)
        hear(sim, "T=21.5", received_at=now - timedelta(minutes=4))
        mt(content="REBOOT", at=now - timedelta(minutes=3))
        shown = text(browser.get(url(sim), headers=htmx("thread")))
        assert shown.index("STATUS") < shown.index("T=21.5") < shown.index("REBOOT")
        assert "Accepted, delivery not reported yet" in shown

    def test_each_message_has_its_hooks(self, browser, mt, sim):
        message = mt(state="failed", reason="absent_subscriber")
        page = browser.get(url(sim)).content.decode()
        assert f'data-message="{message.pk}" data-state="failed"' in page
        assert f'data-live="sms:{sim.giccid}"' in page
        assert "Failed: the device was off" in page

    def test_what_a_device_says_is_shown_and_never_executed(self, browser, sim):
        hear(sim, EVIL)
        page = browser.get(url(sim)).content.decode()
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; ⟨U+202E⟩evil⟨U+202C⟩ ␇" in page

    def test_who_opens_it_has_read_it(self, browser, sim, user):
        hear(sim, "one")
        hear(sim, "two", 2)
        assert nav_count(browser.get("/sync/")) == ("2", "")
        browser.head(url(sim))
        assert nav_count(browser.get("/sms/unread/")) == ("2", "")
        browser.get(url(sim))
        assert nav_count(browser.get("/sms/unread/")) == ("0", "hidden")
        assert nav_count(browser.get("/sync/")) == ("0", "hidden")
        assert {message.read_by for message in Message.objects.all()} == {user}

    def test_the_count_of_unread_is_of_what_one_may_see(self, browser, sim, user):
        other = make_sim("8986011805021777777", account=make_account("lab account"))
        for number, each in enumerate((sim, other, other)):
            hear(each, "hello", number)
        assert nav_count(browser.get("/sms/unread/")) == ("3", "")
        limit_to(user, [sim.account], by=user)
        assert nav_count(browser.get("/sms/unread/")) == ("1", "")
        assert nav_count(browser.get("/sync/")) == ("1", "")

    def test_the_count_of_unread_is_rung_when_one_comes_and_when_it_is_read(
        self, browser, sim, mt, monkeypatch, django_capture_on_commit_callbacks
    ):
        rung = []
        monkeypatch.setattr(live, "post", lambda entry: rung.append(entry.get("topics", "").split()))
        with django_capture_on_commit_callbacks(execute=True):
            send(browser, sim)
        assert rung and not any("unread" in topics for topics in rung)
        rung.clear()
        with django_capture_on_commit_callbacks(execute=True):
            hear(sim, "one")
        assert any("unread" in topics for topics in rung)
        rung.clear()
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                browser.get(url(sim))
        assert rung == [["unread", "sms"]]

    def test_a_long_one_comes_in_pages_by_key(self, browser, sim, mt):
        at = timezone.now()
        for number in range(120):
            mt(content=f"no. {number}.", at=at - timedelta(minutes=120 - number // 2))
        seen, address = [], url(sim)
        while address:
            response = browser.get(address, headers=htmx("thread"))
            page = response.context["thread"]
            seen = [bubble.text for day in page.days for bubble in day.bubbles] + seen
            address = f"{url(sim)}?before={page.earlier}" if page.earlier else ""
        assert seen == [f"no. {number}." for number in range(120)]
        later = browser.get(f"{url(sim)}?before={page.later}", headers=htmx("thread")).context["thread"]
        assert later.later

    def test_a_strange_cursor_gives_the_newest(self, browser, sim, mt):
        mt(content="HERE")
        for cursor in ("x", "9" * 17 + "-1", "1-" + "9" * 30, "\0"):
            assert "HERE" in text(browser.get(url(sim), {"after": cursor})) or cursor == "9" * 17 + "-1"

    @pytest.mark.parametrize("count", [1, 3])
    def test_queries_do_not_grow(self, browser, sim, mt, count, django_assert_num_queries):
        for number in range(count):
            hear(sim, "answer", number)
            mt(user=None)
        Message.objects.unread().update(read_at=timezone.now())
        with django_assert_num_queries(22):
            browser.get(url(sim))

    def test_fragments(self, browser, sim, mt):
        mt(content="STATUS")
        for part in ("thread", "conversations", "answer-state", "last-answers", "talk"):
            page = browser.get(url(sim), headers=htmx(part)).content.decode()
            assert page.lstrip().startswith("<") and f'id="{part}"' in page and "<html" not in page

    def test_behind_login_and_only_read(self, client, browser, sim):
        assert client.get(url(sim))["Location"].startswith("/login/")
        assert browser.post(url(sim)).status_code == 405

    def test_a_sim_nobody_heard_of_is_not_found(self, browser, db):
        assert browser.get("/sms/8986011805029999999/").status_code == 404

    def test_one_that_only_sent_is_shown_but_cannot_be_sent_to(self, browser, db):
        class Stranger:
            giccid = "8986011805029999999"

        hear(Stranger, "hello")
        page = browser.get(url(Stranger))
        assert "hello" in text(page)
        assert "Nothing can be sent to a SIM that our copy of the fleet does not hold." in text(page)
        assert send(browser, Stranger).status_code == 404

    def test_another_account_is_not_found(self, browser, sim, user, mt):
        mt()
        limit_to(user, [make_account("other")], by=user)
        assert browser.get(url(sim)).status_code == 404
        assert send(browser, sim).status_code == 404

    def test_what_devices_said_last_stands_beside(self, browser, sim):
        DeviceValue.objects.create(giccid=sim.giccid, name="T", value="44.9", said_at=timezone.now())
        assert "T 44.9" in text(browser.get(url(sim)))

    def test_tabs_and_search_beside(self, browser, sim, mt):
        mt(content="REBOOT NOW", state="unknown", sms_id="")
        Conversation.objects.create(giccid=sim.giccid, sim=sim, last_message=Message.objects.get())
        beside = htmx("conversations")
        assert "REBOOT NOW" in text(browser.get(url(sim), {"tab": "unknown"}, headers=beside))
        assert "Everything is read." in text(browser.get(url(sim), {"tab": "unread"}, headers=beside))
        assert "REBOOT NOW" in text(browser.get(url(sim), {"find": "reboot"}, headers=beside))
        assert "REBOOT NOW" in text(browser.get(url(sim), {"find": sim.giccid[-8:]}, headers=beside))
        assert "No conversation holds “nothing”." in text(browser.get(url(sim), {"find": "nothing"}, headers=beside))

    def test_how_an_expected_answer_fares_is_told_above_and_looked_at_again(self, browser, sim, mt):
        for state, words in (("waiting", "Waiting for an answer"), ("answered", "Answered"), ("silent", "No answer")):
            Conversation.objects.update_or_create(
                giccid=sim.giccid, defaults={"answer": state, "answer_at": timezone.now()}
            )
            assert words in text(browser.get(url(sim), headers=htmx("answer-state")))
            assert words in text(browser.get(url(sim)))

    @pytest.mark.parametrize("count", [60, 75])
    def test_older_conversations_are_a_page_away(self, browser, db, count):
        at = timezone.now()
        for number in range(count):
            # Several at one moment: the ICCID decides.
            giccid, last_at = f"{number:019}", at - timedelta(minutes=number // 7)
            Conversation.objects.create(giccid=giccid, last_at=last_at)
        first = make_sim("0000000000000000000")
        seen, query = [], ""
        while True:
            response = browser.get(f"{url(first)}{query}", headers=htmx("conversations"))
            beside = response.context["side"]
            assert "Newest" in text(response) if query else "Newest" not in text(response)
            seen += [row.giccid for row in beside.rows]
            if "Older conversations" not in text(response):
                break
            query = re.search(r'href="(\?older=[^"]+)"', response.content.decode())[1].replace("&amp;", "&")
        expected = Conversation.objects.order_by("-last_at", "-giccid").values_list("giccid", flat=True)
        assert seen == list(expected)

    @pytest.mark.parametrize("older", ["x", "99999999999999999-z", "1-" + "9" * 90, "\0", "-"])
    def test_a_strange_place_among_conversations_gives_some_or_the_newest(self, browser, sim, mt, older):
        hear(sim, "HERE")
        response = browser.get(url(sim), {"older": older}, headers=htmx("conversations"))
        assert "HERE" in text(response)

    @pytest.mark.parametrize("giccid", ["../../x", "8" * 60, "٣٤٥", "<b>", " "])
    def test_an_iccid_that_is_none_breaks_no_page(self, browser, sim, giccid):
        class Stranger:
            pass

        Stranger.giccid = giccid
        hear(sim, "known")
        hear(Stranger, "FROM AFAR", 2)
        assert "FROM AFAR" in text(browser.get(url(sim)))
        assert "FROM AFAR" in text(browser.get("/sms/"))
        assert browser.get("/events/").status_code == 200
        assert browser.get("/sms/conversations/")["Location"] == url(sim)

    def test_a_thousand_from_one_sim_are_read_page_by_page(self, browser, sim, django_assert_max_num_queries):
        row = {"direction": "mo", "state": "received", "giccid": sim.giccid, "sim": sim}
        at = timezone.now() - timedelta(minutes=1)
        Message.objects.bulk_create(Message(**row, content=f"T={number}.", at=at) for number in range(1000))
        assert nav_count(browser.get("/sms/unread/")) == ("1,000", "")
        with django_assert_max_num_queries(24):
            page = text(browser.get(url(sim)))
        assert "T=999." in page and "Earlier messages" in page


class TestSending:
    def test_the_intent_is_written_and_audited_without_its_text(self, browser, sim, user):
        response = send(browser, sim, "REBOOT")
        assert response["Location"] == url(sim)
        message = Message.objects.get()
        assert (message.state, message.content, message.user, message.account_id) == (
            "queued", "REBOOT", user, sim.account_id,
        )  # fmt: skip
        entry = AuditEntry.objects.get(action="sms.send")
        assert entry.target == sim.giccid
        assert "REBOOT" not in str(entry.detail)

    def test_the_page_answers_in_place(self, browser, sim):
        page = send(browser, sim, "REBOOT", headers=htmx("talk")).content.decode()
        assert 'data-state="queued"' in page and "<html" not in page

    def test_hex(self, browser, sim):
        send(browser, sim, "0a ff", "hex")
        assert (Message.objects.get().content, Message.objects.get().alphabet) == ("0AFF", "octets")

    @pytest.mark.parametrize(
        ("content", "encoding", "words"),
        [
            ("", "text", "Nothing is written yet."),
            ("x" * 161, "text", "161 characters are 1 too many"),
            ("x" * 70 + "😀", "text", "72 characters are 2 too many"),
            ("ABC", "hex", "3 hex digits are half an octet"),
            ("x", "morse", "A message is text or hex."),
            ("x" * 5000, "text", "at most 4000 characters"),
        ],
    )
    def test_what_cannot_be_sent_says_why_and_keeps_the_text(self, browser, sim, content, encoding, words):
        response = send(browser, sim, content, encoding)
        assert response.status_code == 422
        assert any(words in error for error in errors(response)), errors(response)
        assert not Message.objects.exists()
        if content:
            assert content[:50] in response.content.decode()

    def test_half_a_surrogate_pair_is_refused_in_words(self, browser, sim):
        body = b"content=ab%ED%A0%BD&encoding=text"
        response = browser.post(url(sim, "send/"), body, content_type="application/x-www-form-urlencoded")
        assert "half of a pair (a lone surrogate)" in errors(response)[0]

    @pytest.mark.parametrize("status", ["INVENTORY", "ACTIVATE_READY", "DEACTIVATED", "RETIRED", "SOMETHING_NEW"])
    def test_a_status_that_allows_none(self, browser, db, status):
        sim = make_sim("8986011805021000007", status=status)
        response = send(browser, sim)
        assert response.status_code == 422
        assert "No message can be sent to a SIM that is" in alerts(response)[0]
        assert not Message.objects.exists()

    def test_the_hour_of_a_sim_and_of_a_person(self, browser, sim, settings):
        settings.SMS_PER_SIM_HOUR = 2
        assert [send(browser, sim).status_code for _ in range(3)] == [302, 302, 422]
        settings.SMS_PER_SIM_HOUR, settings.SMS_PER_USER_HOUR = 20, 10
        assert "8 of 10 this hour left for you" in text(browser.get(url(sim)))
        settings.SMS_PER_USER_HOUR = 1000
        assert "18 of 20 this hour left for this SIM" in text(browser.get(url(sim)))
        settings.SMS_PER_USER_HOUR = 2
        response = send(browser, make_sim("8986011805021000001", status="TEST_READY"))
        assert "You have sent 2 messages within an hour" in errors(response)[0]
        settings.SMS_PER_SIM_HOUR = 2
        Message.objects.update(created_at=timezone.now() - timedelta(hours=2))
        assert send(browser, sim).status_code == 422
        Message.objects.update(at=timezone.now() - timedelta(hours=2))
        assert send(browser, sim).status_code == 302

    def test_only_post_and_only_behind_login(self, client, browser, sim):
        assert browser.get(url(sim, "send/")).status_code == 405
        assert send(client, sim)["Location"].startswith("/login/")
        assert not Message.objects.exists()

    def test_an_expected_answer_is_waited_for(self, browser, sim):
        send(browser, sim, expect="OK.*", expect_within="600")
        message = Message.objects.get()
        assert (message.answer, message.expect, message.expect_within_s) == ("waiting", "OK.*", 600)
        assert Conversation.objects.get().answer == "waiting"

    def test_a_pattern_that_cannot_be_used(self, browser, sim):
        response = send(browser, sim, expect=r"(a)\1")
        assert "A back-reference is not taken" in errors(response)[0]

    def test_a_template_is_filled_in_and_named(self, browser, sim):
        template = Template.objects.create(
            name="Interval", content="CFG {iccid} {{x}}", expect="OK", expect_within_s=60
        )
        page = browser.get(url(sim), {"template": template.pk})
        assert f"CFG {sim.giccid} {{x}}" in page.content.decode()
        send(browser, sim, "CFG", template=template.pk)
        assert Message.objects.get().template == template
        assert "template “Interval”" in text(browser.get(url(sim)))

    def test_a_template_that_this_sim_cannot_fill(self, browser, sim):
        template = Template.objects.create(name="Interval", content="{imei}")
        assert "The SIM has no IMEI of its first device" in alerts(browser.get(url(sim), {"template": template.pk}))[0]


class TestDoubts:
    @pytest.fixture
    def lost(self, mt):
        return mt(state="unknown", sms_id="", reason="no_reply", content="REBOOT")

    def test_the_page_says_so_and_offers_what_can_be_done(self, browser, sim, lost):
        page = text(browser.get(url(sim)))
        assert "We do not know whether this SMS left." in page
        assert "It is never sent again by itself" in page
        for words in ("Look for a report", "Send again knowingly…", "Close as not sent"):
            assert words in page

    def test_without_a_number_there_is_nothing_to_look_at(self, browser, sim, lost):
        response = browser.post(url(sim, f"{lost.pk}/look/"), follow=True)
        assert "It has no message number" in alerts(response)[0]

    def test_sending_again_asks_first_and_makes_a_message_of_its_own(self, browser, sim, lost):
        page = browser.get(url(sim, f"{lost.pk}/again/"))
        assert "Send this SMS again?" in text(page)
        assert Message.objects.count() == 1
        browser.post(url(sim, f"{lost.pk}/again/"))
        again = Message.objects.latest("id")
        assert (again.again_of, again.content, again.state) == (lost, "REBOOT", "queued")
        lost.refresh_from_db()
        assert lost.state == "unknown"

    @pytest.mark.parametrize("state", ["queued", "sending", "accepted", "delivered"])
    def test_what_is_not_in_doubt_is_not_sent_again(self, browser, sim, mt, state):
        message = mt(state=state)
        response = browser.post(url(sim, f"{message.pk}/again/"), follow=True)
        assert "not one to send again" in alerts(response)[0]
        assert Message.objects.count() == 1

    def test_closing_is_audited_and_done_once(self, browser, sim, lost):
        for _ in range(2):
            browser.post(url(sim, f"{lost.pk}/close/"))
        lost.refresh_from_db()
        assert (lost.state, lost.reason) == ("failed", "closed")
        assert AuditEntry.objects.filter(action="sms.close").count() == 1

    def test_a_message_of_another_sim_is_not_found(self, browser, sim, lost):
        other = make_sim("8986011805021000001")
        for verb in ("look", "again", "close"):
            assert browser.post(url(other, f"{lost.pk}/{verb}/")).status_code == 404
        assert browser.get(url(sim, f"{lost.pk}/look/")).status_code == 405

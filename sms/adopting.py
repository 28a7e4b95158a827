"""Messages that came before their SIM stood in our copy: once it does, they are its own."""

from __future__ import annotations

from django.db import connection, transaction

from toolkit.live import ring

MESSAGES = """
UPDATE sms_message SET sim_id = sims_sim.id, account_id = sims_sim.account_id
FROM sims_sim WHERE sms_message.sim_id IS NULL AND sms_message.giccid = sims_sim.giccid
RETURNING sms_message.giccid
"""
CONVERSATIONS = """
UPDATE sms_conversation SET sim_id = sims_sim.id, account_id = sims_sim.account_id
FROM sims_sim WHERE sms_conversation.sim_id IS NULL AND sms_conversation.giccid = sims_sim.giccid
"""


def adopt() -> int:
    """Give messages of SIMs that were unknown to those SIMs; how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MESSAGES)
        giccids = [row[0] for row in cursor.fetchall()]
        cursor.execute(CONVERSATIONS)
        if giccids:
            ring("sms", *(f"sms:{giccid}" for giccid in dict.fromkeys(giccids)))
    return len(giccids)

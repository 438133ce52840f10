"""Mail to the owner of a box about a message that was left."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.identity.models import Membership, Organization, Person
from switchroom.mail.queue import enqueue_voicemail_mail
from switchroom.mail.voicemail_mails import VoicemailMail
from switchroom.telephony.resources.realms import TelephonyAccount
from switchroom.telephony.resources.users import TelephonyUser
from switchroom.telephony.resources.vmboxes import VoicemailBoxRow
from switchroom.telephony.routing.voicemail.box import Folder
from switchroom.telephony.voicemail.models import VoicemailMessage
from switchroom.telephony.voicemail.moving import move


async def notify_owner(
    session: AsyncSession, box: VoicemailBoxRow, message: VoicemailMessage, sound: Path
) -> None:
    """Queue the mail, in the transaction that keeps the message, if the box has an owner who wants it. A box
    that says `save_after_notify` has the message among its saved ones from then on, else one that says
    `delete_after_notify` among its deleted ones."""
    if box.owner_id is None:
        return
    found = (
        await session.execute(
            select(Person, Membership.disabled_at, TelephonyUser.details, TelephonyAccount.details)
            .join(Membership, Membership.person_id == Person.id)
            .outerjoin(TelephonyUser, TelephonyUser.membership_id == Membership.id)
            .outerjoin(TelephonyAccount, TelephonyAccount.organization_id == Membership.organization_id)
            .where(Membership.id == box.owner_id, Membership.organization_id == box.organization_id)
        )
    ).one_or_none()
    if found is None:
        return
    person, disabled_at = found[0], found[1]
    is_wanted = (found[2] or {}).get("vm_to_email_enabled", True)
    if not (person.email and is_wanted) or disabled_at is not None:
        return
    organization = await session.get_one(Organization, box.organization_id)
    timezone = box.details.get("time_zone") or person.timezone or (found[3] or {}).get("time_zone") or ""
    new = select(func.count()).select_from(VoicemailMessage)
    new = new.where(VoicemailMessage.box_id == box.id, VoicemailMessage.folder == Folder.NEW)
    mail = VoicemailMail(
        uid=f"voicemail:{message.id}",
        to=person.email,
        to_name=person.display_name,
        organization_name=organization.display_name,
        box_name=box.name,
        mailbox=box.mailbox,
        caller_name=message.caller_name,
        caller_number=message.caller_number,
        received_at=message.received_at,
        milliseconds=message.milliseconds,
        new=await session.scalar(new) or 0,
        sound=str(sound),
        locale=person.locale.replace("_", "-").partition("-")[0].lower(),
        timezone=str(timezone),
    )
    await enqueue_voicemail_mail(session, box.organization_id, mail)
    if box.details.get("save_after_notify"):
        move(session, message, Folder.SAVED)
    elif box.details.get("delete_after_notify"):
        move(session, message, Folder.DELETED)

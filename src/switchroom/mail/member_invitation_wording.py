"""The words of the mail that invites somebody to an organization, apart from those that all mails share."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class MemberInvitationWording(Struct, frozen=True, kw_only=True):
    """Words of one language."""

    subject: str
    invited_by: str
    invited: str
    accept_here: str
    button: str
    valid_until: str
    once: str
    unexpected: str


MEMBER_INVITATION_WORDINGS: Mapping[str, MemberInvitationWording] = {
    "en": MemberInvitationWording(
        subject="Invitation to {organization}",
        invited_by="{inviter} invites you to {organization}, with an account of your own.",
        invited="{organization} invites you, with an account of your own.",
        accept_here="Accept the invitation here",
        button="Accept the invitation",
        valid_until="Valid until",
        once="The link works once.",
        unexpected=(
            "If you did not expect this invitation, you need not do anything: "
            "without your acceptance you do not belong to {organization}."
        ),
    ),
    "de": MemberInvitationWording(
        subject="Einladung zu {organization}",
        invited_by="{inviter} lädt Sie zu {organization} ein, mit einem eigenen Konto.",
        invited="{organization} lädt Sie ein, mit einem eigenen Konto.",
        accept_here="Einladung hier annehmen",
        button="Einladung annehmen",
        valid_until="Gültig bis",
        once="Der Link funktioniert nur einmal.",
        unexpected=(
            "Falls Sie diese Einladung nicht erwartet haben, brauchen Sie nichts zu tun: "
            "Solange Sie sie nicht annehmen, gehören Sie nicht zu {organization}."
        ),
    ),
}
